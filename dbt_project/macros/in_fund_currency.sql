{#- An amount as the fund counts it; null where the rate from its currency is not known. -#}
{% macro in_fund_currency(amount, currency, fund_currency) -%}
case when {{ currency }} = {{ fund_currency }} then {{ amount }} else {{ exact(amount ~ ' * rates.rate') }} end
{%- endmacro %}
