"""What can be done with an order. `orders.actions.orders` offers all of it."""
