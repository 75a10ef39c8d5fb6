"""Who gets what from every page, other than the API: one letter a person, groups of addresses with the same answer.

M mike (AR manager), K clerk, C credit committee, O owner (Finance), I integrator, P operator, R a sales rep of other
customers, T cashier (till), X somebody in no group, - a stranger. A line `"MKCOIP R"` lets the first ones in and tells
the others behind the space that there is no such thing; everybody else is refused or asked to sign in. What stands
nowhere is no method of that address.
"""

# Standard pages of the console: who sees the list. The rows themselves are not those of R and T.
LISTS = {
    "MKCOIP": """
        django_q/schedule netsuite/push workflows/autodecision workflows/workflowdefinition workflows/killswitch
        holds/holdblock holds/override holds/pinlog holds/pinbudget anomalies/cardband anomalies/alertrule
        anomalies/alert
    """,
    "MKCOIPR": """
        workflows/outboundemail workflows/proposedaction workflows/workflowrun disputes/inboundemail disputes/dispute
        holds/servicehold holds/pause
    """,
    "MKCOIR": """
        orders/billingcontract orders/invoice orders/subscription orders/licensechange
    """,
    "P": """
        auth/group auth/user otp_totp/totpdevice
    """,
    "MK": """
        disputes/responsetemplate disputes/classifierversion
    """,
    "MKCOIPRT": """
        customers/customer orders/provider
    """,
    "MKCOIRT": """
        orders/order orders/product
    """,
    "": """
        knox/authtoken
    """,
    "MKCOI": """
        orders/provisioningsettings
    """,
    "M": """
        orders/salestax
    """,
}
# Where a standard page differs, and all other pages.
PAGES = {
    "MKCOIP": """
        GET admin/dashboard/
        GET admin/what-if/
        GET admin/what-if/line.csv
        GET admin/what-if/formula/
        GET admin/what-if/formula.csv
        GET admin/what-if/rule/
        GET admin/what-if/rule.csv
        POST admin/workflows/killswitch/<path:object_id>/change/
        POST admin/holds/holdblock/<path:object_id>/preview/
        POST admin/holds/holdblock/<path:object_id>/review/
        GET+POST admin/holds/override/waiting/
        GET+POST admin/holds/override/<path:object_id>/state/
        POST admin/holds/override/<path:object_id>/approve/
        POST admin/holds/override/<path:object_id>/decline/
        GET+POST admin/holds/pinlog/export.csv
        POST admin/holds/pinbudget/<path:object_id>/reset/
        POST admin/holds/pinbudget/<path:object_id>/change/
        GET+POST admin/anomalies/alert/<path:object_id>/orders.csv
        POST admin/anomalies/alert/<path:object_id>/snooze/
        POST admin/anomalies/alert/<path:object_id>/grace/
        POST admin/anomalies/alert/<path:object_id>/limit/
        POST admin/anomalies/alert/<path:object_id>/calls/
        POST admin/anomalies/alert/<path:object_id>/release/
        POST admin/anomalies/alert/<path:object_id>/raise_limit/
        POST admin/anomalies/alert/<path:object_id>/wait/
    """,
    "MKCOIPRT": """
        GET+POST admin/<app_label>/
        GET hold-blocks/<slug:slug>/
        GET+POST admin/search/
        GET+POST admin/
        GET+POST admin/password_change/
        GET admin/password_change/done/
        GET admin/jsi18n/
        GET+POST admin/r/<path:content_type_id>/<path:object_id>/
        GET+POST admin/otp_totp/totpdevice/<path:object_id>/history/
        GET+POST admin/knox/authtoken/<path:object_id>/history/
        GET+POST admin/orders/provisioningsettings/<path:object_id>/change/
        GET+POST admin/<url>
    """,
    "MIRT": """
        GET orders/new/
        GET orders/new/customers/
        POST orders/new/customer/
        GET orders/new/items/
        POST orders/new/lines/
        POST orders/new/lines/<int:pk>/
        POST orders/new/tender/
        POST orders/new/submit/
        POST orders/new/hold/
        POST orders/new/drop/
        GET orders/new/pin/
        POST orders/new/pin/try/
        GET orders/new/ask/
        POST orders/new/ask/send/
        POST orders/new/asked/
        GET+POST catalog/add/
        GET+POST till/
    """,
    "MKCOIP R": """
        GET+POST admin/workflows/outboundemail/<path:object_id>/state/
        POST admin/workflows/outboundemail/<path:object_id>/declare_sent/
        GET admin/workflows/proposedaction/<path:pk>/progress/
        GET admin/workflows/proposedaction/<path:pk>/approve/
        GET admin/workflows/proposedaction/<path:pk>/reject/
        GET+POST admin/workflows/proposedaction/<path:pk>/defer/
        GET admin/disputes/inboundemail/<int:object_id>/original/
        GET admin/disputes/inboundemail/<int:object_id>/invoices/
        GET admin/disputes/inboundemail/<int:object_id>/state/
        POST admin/disputes/dispute/<path:object_id>/resolve/
        POST admin/disputes/dispute/<path:object_id>/escalate/
        POST admin/disputes/dispute/<path:object_id>/withdraw/
        POST admin/disputes/dispute/<path:object_id>/credit/
        POST admin/disputes/dispute/<path:object_id>/amount/
        POST admin/disputes/dispute/<path:object_id>/subject/
        POST admin/disputes/dispute/<path:object_id>/invoice/
        POST admin/holds/pause/<path:object_id>/end/
    """,
    "P": """
        GET+POST admin/auth/user/<id>/password/
        GET+POST admin/auth/user/add/
        POST admin/auth/user/<path:object_id>/change/
        GET+POST admin/otp_totp/totpdevice/<int:pk>/config/
        GET+POST admin/otp_totp/totpdevice/<int:pk>/qrcode/
        GET+POST admin/otp_totp/totpdevice/add/
        GET+POST admin/otp_totp/totpdevice/<path:object_id>/delete/
        POST admin/otp_totp/totpdevice/<path:object_id>/change/
    """,
    "MKCOIPR": """
        GET admin/cards/
        GET admin/cards/<slug:slug>/
        GET admin/cards/<slug:slug>/rows.csv
        GET+POST admin/cards/<slug:slug>/rows/<slug:verb>/
        POST admin/workflows/proposedaction/bulk/
        GET admin/disputes/inboundemail/<int:object_id>/html/
        GET admin/disputes/inboundemail/<int:object_id>/file/<int:number>/
        POST admin/disputes/inboundemail/do/call/
        POST admin/disputes/dispute/do/open/
    """,
    "MKCOIPRTX-": """
        GET healthz
        GET readyz
        GET metrics
        GET+POST sign-in/
        GET+POST admin/login/
        POST admin/logout/
    """,
    "MKCOI RT": """
        GET orders/<uuid:key>/
        GET admin/accounts/<int:pk>/progress/
        POST admin/orders/order/<path:object_id>/release/
        POST admin/orders/order/<path:object_id>/cancel/
        POST admin/orders/order/<path:object_id>/reopen/
        POST admin/orders/order/<path:object_id>/end_release/
    """,
    "MKCOIRT": """
        GET catalog/
        POST admin/orders/product/do/take_in/
        POST admin/orders/product/<path:object_id>/edit/
        GET+POST admin/orders/product/<path:object_id>/history/
        GET admin/orders/product/<path:object_id>/change/
    """,
    "MKCOI": """
        POST admin/orders/provisioningsettings/do/switch/
        POST admin/orders/provisioningsettings/do/take_in/
        POST admin/orders/provider/<path:object_id>/save/
        GET+POST admin/orders/provider/<path:object_id>/history/
        GET admin/orders/provider/<path:object_id>/change/
    """,
    "MI RT": """
        POST orders/<uuid:key>/take-back/
        POST orders/<uuid:key>/copy/
        POST admin/orders/order/<path:object_id>/take_back/
        POST admin/orders/order/<path:object_id>/duplicate/
        POST admin/orders/order/<path:object_id>/submit/
    """,
    "M": """
        POST admin/workflows/workflowdefinition/<path:object_id>/save/
        POST admin/disputes/responsetemplate/<path:object_id>/save/
        POST admin/holds/holdblock/<path:object_id>/save/
        POST admin/orders/product/<path:object_id>/toggle/
        POST admin/orders/salestax/do/set/
    """,
    "M R": """
        POST admin/workflows/outboundemail/<path:object_id>/edit/
        POST admin/workflows/outboundemail/<path:object_id>/approve/
        POST admin/workflows/outboundemail/<path:object_id>/undo/
        POST admin/workflows/outboundemail/<path:object_id>/discard/
        POST admin/workflows/outboundemail/<path:object_id>/reopen/
    """,
    "MKCOI R": """
        POST admin/orders/subscription/<path:object_id>/change_quantity/
        POST admin/orders/subscription/<path:object_id>/change_price/
        POST admin/orders/subscription/<path:object_id>/cancel/
        POST admin/orders/licensechange/<path:object_id>/mark/
        POST admin/orders/licensechange/<path:object_id>/retry/
    """,
    "MKCI R": """
        GET+POST admin/service-holds/propose/<str:netsuite_id>/
        GET+POST admin/service-holds/<int:pk>/lift/
    """,
    "MKCOIP RT": """
        POST admin/accounts/<int:pk>/hold/
        POST admin/customers/customer/<path:object_id>/plan/
        POST admin/customers/customer/<path:object_id>/grace/
        POST admin/customers/customer/<path:object_id>/dispute/
    """,
    "MK R": """
        POST admin/disputes/inboundemail/<path:object_id>/yes/
        POST admin/disputes/inboundemail/<path:object_id>/correct/
        POST admin/disputes/inboundemail/<path:object_id>/undo/
        POST admin/disputes/inboundemail/<path:object_id>/again/
    """,
    "MIP": """
        POST admin/ns-push/retry
        POST admin/netsuite/push/do/retry_all/
        POST admin/netsuite/push/<path:object_id>/retry/
    """,
    "MOP": """
        GET+POST admin/workflows/autodecision/head.txt
        POST admin/workflows/autodecision/do/verify/
    """,
    "MCO R": """
        POST admin/workflows/proposedaction/<path:pk>/approve/
        POST admin/workflows/proposedaction/<path:pk>/reject/
    """,
    "MK": """
        GET admin/disputes/classifierversion/progress/
        POST admin/disputes/classifierversion/do/retrain/
    """,
    "MO": """
        POST admin/anomalies/cardband/<path:object_id>/save/
        POST admin/anomalies/alertrule/<path:object_id>/save/
    """,
    "MKCO": """
        POST admin/anomalies/alert/<path:object_id>/acknowledge/
        POST admin/anomalies/alert/<path:object_id>/resolve/
    """,
    "MKCOIPRTX": """
        GET api/docs/
    """,
    "MKCOIPT R": """
        GET customers/<str:netsuite_id>/
    """,
    "X-": """
        GET admin/logout/
    """,
    "MP": """
        POST admin/workflows/killswitch/<path:object_id>/flip/
    """,
    "MKI R": """
        POST admin/disputes/dispute/<path:object_id>/cause/
    """,
    "MKCOIR": """
        POST admin/orders/licensechange/do/many/
    """,
    # Standard pages that let nobody in.
    "": """
        GET+POST admin/knox/authtoken/
        GET admin/knox/authtoken/<path:object_id>/change/
        POST admin/workflows/proposedaction/
        POST admin/workflows/workflowrun/<path:object_id>/history/
    """,
}
