{#- One amount as a fraction of another, to ten places; null where either is not known, or the second is nought. -#}
{% macro ratio(part, whole) -%}
cast(round(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0), 10) as decimal(38, 12))
{%- endmacro %}

{#- Money or a quantity as the ledger keeps it. -#}
{% macro exact(value) -%}
cast({{ value }} as decimal(38, 12))
{%- endmacro %}
