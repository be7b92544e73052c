"""What gunicorn and `flask` load."""

from api.app import create_app

app = create_app()
