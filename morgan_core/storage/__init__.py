"""SQL schema, migrations and stores. The only room that imports SQLAlchemy and Alembic."""
