"""Keys that every test of this process has, so that none is made in the project's own home."""

AUDIT_KEY = "an-audit-key-that-only-the-tests-know"
SECRETS_KEY = "dGhlLXRlc3RzLW93bi1mZXJuZXQta2V5LTMyLWJ5dGU="
