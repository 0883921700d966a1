# One image for every service; docker-compose.yml says which command each runs.
FROM python:3.11-slim

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

# The libraries first: this layer is built again only when the lock changes. Every file must match its hash.
WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock

# Editable, so that dagster.yaml stays beside the package, where the product looks for it.
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY fund_pipeline ./fund_pipeline
COPY dbt_project ./dbt_project
COPY data ./data
RUN pip install --no-deps --no-build-isolation --editable . \
    && python -m compileall -q fund_pipeline \
    && fund report prepare

RUN useradd --create-home --uid 10001 fund \
    && install --directory --owner=fund --group=fund --mode=0700 /var/lib/fund
ENV FUND_HOME=/var/lib/fund \
    DAGSTER_HOME=/var/lib/fund/dagster
VOLUME /var/lib/fund
USER fund

CMD ["fund", "--help"]
