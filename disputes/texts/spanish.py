"""Spanish answers."""

SUBJECT = "Su mensaje sobre {about}"

FRAME = """Hola, {contact}:

Gracias por su mensaje del {received} sobre {about}.
La factura {invoice} del {invoice_date} es de {invoice_amount}, con vencimiento el {invoice_due}; quedan \
{invoice_open} pendientes.
Su número de pedido: {po}.
{not_found}

%check%
Mientras lo revisamos, apartamos {disputed}: ese importe no cuenta como vencido y no enviamos recordatorios por él.

Siguiente paso: %step%

Tendrá noticias nuestras a más tardar el {resolve_by}.
Su persona de contacto es {rep}.
También puede llamarnos al {company_phone}.

Cuentas por cobrar, {company}
"""

REASONS: dict[tuple[str, str], tuple[str, str]] = {
    ("pricing", ""): (
        "Se le facturó un precio distinto del que esperaba. Comparamos la factura con su lista de precios, sus "
        "descuentos y la confirmación del pedido.",
        "envíenos, por favor, la oferta o la lista de precios a la que se refiere. Si facturamos de más, recibirá un "
        "abono por la diferencia.",
    ),
    ("qty", ""): (
        "La cantidad recibida o pedida no es la facturada. Comparamos la factura con el pedido y con el albarán "
        "firmado.",
        "indíquenos, por favor, línea por línea, lo que contó; le enviamos una copia del albarán. Si falta mercancía, "
        "recibirá un abono o la mercancía, como prefiera.",
    ),
    ("quality", ""): (
        "Lo que recibió no estaba en orden. Lo sentimos y averiguamos qué ha pasado.",
        "conserve, por favor, la mercancía y envíenos fotos con los números de lote o de artículo. Le llamamos para "
        "acordar un abono o una reposición.",
    ),
    ("delivery", ""): (
        "La mercancía o el servicio llegó tarde, no llegó o fue a otro lugar. Pedimos la prueba de entrega al "
        "transportista y a nuestro almacén.",
        "le enviamos una copia de la prueba de entrega o una nueva fecha. Si no se entregó nada, recibirá un abono.",
    ),
    ("other", ""): (
        "Hemos leído lo que reclama y lo estamos revisando.",
        "le llamamos para asegurarnos de que le hemos entendido; indíquenos, por favor, una hora y un número que le "
        "convengan.",
    ),
    ("other", "duplicate"): (
        "Se le facturó dos veces lo mismo. Comparamos ambas facturas con el pedido y la entrega.",
        "indíquenos, por favor, el número de la otra factura si lo tiene a mano. Si una está duplicada, recibirá un "
        "abono por el total.",
    ),
    ("other", "tax"): (
        "El impuesto de la factura no es el que le corresponde. Revisamos el tipo, el lugar de entrega y su exención.",
        "envíenos, por favor, su certificado de exención o su número fiscal. Si cobramos impuesto de más, recibirá un "
        "abono y una factura corregida.",
    ),
    ("other", "already_paid"): (
        "Ya pagó esta factura. Buscamos su pago en nuestras cuentas.\n"
        "Pagos recibidos en los últimos 90 días: {payments}.",
        "envíenos, por favor, el comprobante de pago con fecha, importe y referencia, para que podamos encontrarlo y "
        "aplicarlo.",
    ),
    ("other", "missing_po"): (
        "En la factura falta su número de pedido, o figura otro.",
        "indíquenos, por favor, el número de pedido correcto; recibirá una copia de la factura que lo muestre.",
    ),
    ("other", "terms"): (
        "Las condiciones de pago de la factura no son las acordadas. Las comparamos con su contrato.",
        "envíenos, por favor, el acuerdo al que se refiere. Si tiene razón, corregimos el vencimiento y le "
        "comunicamos el nuevo.",
    ),
    ("other", "freight"): (
        "Se le cobraron portes u otros gastos que no esperaba. Los comparamos con las condiciones de entrega de su "
        "pedido.",
        "indíquenos, por favor, qué se acordó sobre los portes. Si eran a nuestro cargo, recibirá un abono.",
    ),
    ("other", "wrong_entity"): (
        "La factura se envió a la empresa o a la dirección equivocada.",
        "indíquenos, por favor, el nombre, la dirección y el número fiscal de la empresa que hizo el pedido. Recibirá "
        "una factura corregida y un abono por esta.",
    ),
}
