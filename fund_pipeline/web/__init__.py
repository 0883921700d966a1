"""Pages, rendered on the server: values in, HTML out. They work without scripts and load nothing from anywhere."""

from fund_pipeline.web.pages import LOGIN_FAILED, admin_page, content_security_policy, login_page

__all__ = ["LOGIN_FAILED", "admin_page", "content_security_policy", "login_page"]
