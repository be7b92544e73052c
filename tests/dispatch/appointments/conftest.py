from tests.builders.shared_database import session, shared_engine

__all__ = ["session", "shared_engine"]
