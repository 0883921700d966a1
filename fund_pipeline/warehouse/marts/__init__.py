"""The marts: built by dbt on DuckDB in a folder of their own, from the export, and kept as one file."""

from fund_pipeline.warehouse.marts.project import PROJECT_FOLDER, manifest_path, prepared_manifest
from fund_pipeline.warehouse.marts.reading import marts_of, read_marts
from fund_pipeline.warehouse.marts.running import run_dbt
from fund_pipeline.warehouse.marts.site import Site

__all__ = ["PROJECT_FOLDER", "Site", "manifest_path", "marts_of", "prepared_manifest", "read_marts", "run_dbt"]
