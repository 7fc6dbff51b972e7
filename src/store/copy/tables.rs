//! What the schemas say of the tables: their columns, what refers to what, and how far numbers have been given out.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::NotMoved;

pub(super) struct Table {
    pub name: String,
    /// By name, so that both engines have them in one order.
    pub columns: Vec<Column>,
    /// One clinic's rows for one clinic.
    pub walled: bool,
    /// The column that the engine numbers.
    numbered: Option<String>,
}

pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Bytes,
    /// Sixteen bytes on SQLite.
    Id,
}

impl Table {
    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    pub(super) fn listed(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Kind {
    fn of(engine_type: &str) -> Result<Self, NotMoved> {
        match engine_type {
            "bigint" => Ok(Self::Number),
            "text" => Ok(Self::Text),
            "bytea" => Ok(Self::Bytes),
            "uuid" => Ok(Self::Id),
            _ => Err(NotMoved::Type),
        }
    }

    const fn on_sqlite(self) -> &'static str {
        match self {
            Self::Number => "INTEGER",
            Self::Text => "TEXT",
            Self::Bytes | Self::Id => "BLOB",
        }
    }
}

// What begins with an underscore are the schema's own books; each database keeps its own.
const COLUMNS_LITE: &str = "SELECT tables.name, columns.name, columns.type
     FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tables.name NOT LIKE '\\_%' ESCAPE '\\'
     ORDER BY 1, 2";
const COLUMNS_PG: &str =
    "SELECT tables.relname::text, columns.attname::text, format_type(columns.atttypid, NULL),
            tables.relforcerowsecurity, columns.attidentity <> ''
     FROM pg_class AS tables JOIN pg_attribute AS columns ON columns.attrelid = tables.oid
     WHERE tables.relkind = 'r' AND tables.relnamespace = current_schema()::regnamespace
       AND tables.relname NOT LIKE '\\_%' AND columns.attnum > 0 AND NOT columns.attisdropped
     ORDER BY tables.relname COLLATE \"C\", columns.attname COLLATE \"C\"";
const REFERENCES: &str = "SELECT child.relname::text, parent.relname::text
     FROM pg_constraint JOIN pg_class AS child ON child.oid = conrelid JOIN pg_class AS parent ON parent.oid = confrelid
     WHERE contype = 'f' AND conrelid <> confrelid";

/// The tables that both have, each after those it refers to.
pub(super) async fn in_order(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
) -> Result<Vec<Table>, NotMoved> {
    let theirs: Vec<(String, String, String)> = sqlx::query_as(COLUMNS_LITE).fetch_all(source).await?;
    let ours: Vec<(String, String, String, bool, bool)> =
        sqlx::query_as(COLUMNS_PG).fetch_all(&mut *target).await?;
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut expected = Vec::new();
    for (table, column, engine_type, walled, numbered) in ours {
        let kind = Kind::of(&engine_type)?;
        expected.push((table.clone(), column.clone(), kind.on_sqlite().to_owned()));
        let new = || Table { name: table.clone(), columns: Vec::new(), walled, numbered: None };
        let table = tables.entry(table.clone()).or_insert_with(new);
        table.numbered = table.numbered.take().or_else(|| numbered.then(|| column.clone()));
        table.columns.push(Column { name: column, kind });
    }
    if theirs != expected {
        return Err(NotMoved::Uneven);
    }
    let references: Vec<(String, String)> = sqlx::query_as(REFERENCES).fetch_all(target).await?;
    sorted(tables, &references)
}

fn sorted(
    mut tables: BTreeMap<String, Table>,
    references: &[(String, String)],
) -> Result<Vec<Table>, NotMoved> {
    let mut sorted = Vec::new();
    while !tables.is_empty() {
        let waits = |name: &String| {
            references.iter().any(|(child, parent)| child == name && tables.contains_key(parent))
        };
        let next = tables.keys().find(|name| !waits(name)).cloned();
        // Tables that refer to each other in a circle cannot be filled one after the other.
        let table = next.and_then(|name| tables.remove(&name)).ok_or(NotMoved::Uneven)?;
        sorted.push(table);
    }
    Ok(sorted)
}

pub(super) async fn count(target: &mut PgConnection, table: &Table) -> Result<i64, NotMoved> {
    let sql = format!("SELECT COUNT(*) FROM {}", table.quoted());
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(target).await?)
}

/// A number that was given out once is never given out again, though its row be long gone: generations rest on it.
pub(super) async fn continue_numbers(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    table: &Table,
) -> Result<(), NotMoved> {
    let Some(column) = &table.numbered else { return Ok(()) };
    let given = "SELECT seq FROM sqlite_sequence WHERE name = $1";
    let newest: Option<i64> = sqlx::query_scalar(given).bind(&table.name).fetch_optional(source).await?;
    if let Some(newest) = newest.filter(|newest| *newest > 0) {
        let sql = "SELECT setval(pg_get_serial_sequence($1, $2), $3)";
        sqlx::query(sql).bind(table.quoted()).bind(column).bind(newest).execute(target).await?;
    }
    Ok(())
}
