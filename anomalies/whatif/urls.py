from django.urls import path

from anomalies.whatif import views

app_name = "what_if"
urlpatterns = [
    path("", views.line, name="line"),
    path("line.csv", views.line, {"csv": True}, name="line_csv"),
    path("formula/", views.formula, name="formula"),
    path("formula.csv", views.formula, {"csv": True}, name="formula_csv"),
    path("rule/", views.rule, name="rule"),
    path("rule.csv", views.rule, {"csv": True}, name="rule_csv"),
]
