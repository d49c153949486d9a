//! Both folders of migrations make the same tables, and can take them back.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use keyreeve_persistence::{Database, Options, Schema, Url};
use testkit::postgres;

/// What a database knows of its tables: columns by name with whether they may be null, and the unique keys.
#[derive(Debug, PartialEq, Eq, Default)]
struct Shape {
    columns: BTreeMap<String, bool>,
    unique: Vec<String>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct Unique {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    columns: String,
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name, c.\"notnull\" = 0 AS nullable \
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
const SQLITE_UNIQUE: &str = "SELECT t.name AS table_name, \
    (SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY name)) AS columns \
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND i.\"unique\" \
    UNION SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER' AND t.name NOT LIKE 'sqlite%' \
    AND (SELECT count(*) FROM pragma_table_info(t.name) k WHERE k.pk > 0) = 1";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES' AS nullable \
    FROM information_schema.columns WHERE table_schema = 'public'";
const POSTGRES_UNIQUE: &str = "SELECT t.relname::text AS table_name, \
    (SELECT string_agg(a.attname::text, ' ' ORDER BY a.attname::text COLLATE \"C\") FROM pg_attribute a \
     WHERE a.attrelid = t.oid AND a.attnum = ANY(i.indkey)) AS columns \
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
    WHERE i.indisunique AND n.nspname = 'public'";

#[test]
fn both_databases_have_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyreeve.db");
    open(Url::Sqlite(path.clone())).migrate().unwrap();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let columns: Vec<Column> = diesel::sql_query(SQLITE_COLUMNS).load(&mut connection).unwrap();
    let unique: Vec<Unique> = diesel::sql_query(SQLITE_UNIQUE).load(&mut connection).unwrap();
    let sqlite = shapes(columns, unique);

    let database = postgres::shared().unwrap().database().unwrap();
    open(Url::parse(&database.url()).unwrap()).migrate().unwrap();
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    let columns: Vec<Column> = diesel::sql_query(POSTGRES_COLUMNS).load(&mut connection).unwrap();
    let unique: Vec<Unique> = diesel::sql_query(POSTGRES_UNIQUE).load(&mut connection).unwrap();
    let postgres = shapes(columns, unique);

    let tables = |shapes: &BTreeMap<String, Shape>| shapes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(tables(&sqlite), tables(&postgres));
    for (table, shape) in &sqlite {
        assert_eq!(Some(shape), postgres.get(table), "table {table}, SQLite left, PostgreSQL right");
    }
}

#[test]
fn migrations_go_up_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = postgres::shared().unwrap().database().unwrap();
    for url in [Url::Sqlite(folder.path().join("keyreeve.db")), Url::parse(&database.url()).unwrap()] {
        let database = open(url);
        assert_eq!(database.schema().unwrap(), Schema::Empty);
        assert_eq!(database.migrate().unwrap(), Schema::Current);
        assert_eq!(database.migrate().unwrap(), Schema::Current, "a second time changes nothing");
        database.revert_everything().unwrap();
        assert!(matches!(database.schema().unwrap(), Schema::Behind(_)));
        assert_eq!(database.migrate().unwrap(), Schema::Current);
    }
}

#[test]
fn a_schema_from_elsewhere_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel::sql_query("CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)").execute(&mut connection).unwrap();
    let database = open(Url::Sqlite(path));
    assert!(matches!(database.migrate().unwrap(), Schema::Unknown(_)));
    assert!(matches!(database.schema().unwrap(), Schema::Unknown(_)));
}

fn open(url: Url) -> Database {
    Database::open(Options::at(url))
}

fn shapes(columns: Vec<Column>, unique: Vec<Unique>) -> BTreeMap<String, Shape> {
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for Column { table_name, column_name, nullable } in columns {
        shapes.entry(table_name).or_default().columns.insert(column_name, nullable);
    }
    for Unique { table_name, columns } in unique {
        shapes.entry(table_name).or_default().unique.push(columns);
    }
    shapes.remove("__diesel_schema_migrations");
    for shape in shapes.values_mut() {
        shape.unique.sort();
        shape.unique.dedup();
    }
    shapes
}
