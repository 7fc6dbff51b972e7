//! What an engine's own catalogue says of the tables, and whether one schema only adds to another.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgConnection, Row, SqliteConnection};

/// One database, by itself.
pub(super) enum Db {
    Lite(SqliteConnection),
    Pg(PgConnection),
}

impl Db {
    pub(super) const fn engine(&self) -> &'static str {
        match self {
            Self::Lite(_) => "sqlite",
            Self::Pg(_) => "postgres",
        }
    }

    pub(super) async fn run(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Lite(connection) => drop(sql.execute(connection).await.unwrap()),
            Self::Pg(connection) => drop(sql.execute(connection).await.unwrap()),
        }
    }

    pub(super) async fn migrate_to(&mut self, number: i64) {
        match self {
            Self::Lite(db) => sqlx::migrate!("migrations/sqlite").run_to(number, db).await.unwrap(),
            Self::Pg(db) => sqlx::migrate!("migrations/postgres").run_to(number, db).await.unwrap(),
        }
    }

    /// The oldest release's newest migration that can still work here.
    pub(super) async fn floor(&mut self) -> i64 {
        let sql = "SELECT floor FROM _schema_floor";
        match self {
            Self::Lite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
            Self::Pg(connection) => sqlx::query_scalar(sql).fetch_one(connection).await.unwrap(),
        }
    }

    async fn texts<const N: usize>(&mut self, sql: &'static str) -> Vec<[String; N]> {
        match self {
            Self::Lite(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| std::array::from_fn(|n| row.get(n))).collect()
            }
            Self::Pg(connection) => {
                let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| std::array::from_fn(|n| row.get(n))).collect()
            }
        }
    }
}

#[derive(Default)]
struct Table {
    columns: BTreeMap<String, Column>,
    /// Each check, key and unique index, with the columns that it binds.
    rules: BTreeMap<String, BTreeSet<String>>,
}

struct Column {
    kind: String,
    /// Whoever inserts has to name it.
    is_demanded: bool,
}

#[derive(Default)]
pub(super) struct Catalogue(BTreeMap<String, Table>);

impl Catalogue {
    pub(super) async fn read(db: &mut Db) -> Self {
        let (columns, rules) = match db {
            Db::Lite(_) => (LITE_COLUMNS, LITE_RULES),
            Db::Pg(_) => (PG_COLUMNS, PG_RULES),
        };
        let mut tables = Self::default();
        for [table, column, kind, demanded] in db.texts(columns).await {
            let known = tables.0.entry(table).or_default();
            known.columns.insert(column, Column { kind, is_demanded: demanded == "yes" });
        }
        for [table, rule, column] in db.texts(rules).await {
            let known = tables.0.entry(table).or_default();
            known.rules.entry(rule).or_default().insert(column);
        }
        tables
    }

    pub(super) fn demanded(&self, table: &str) -> impl Iterator<Item = &str> {
        let columns = self.0.get(table).into_iter().flat_map(|table| &table.columns);
        columns.filter(|(_, column)| column.is_demanded).map(|(name, _)| name.as_str())
    }

    /// What of this a later schema no longer has, or makes harder.
    pub(super) fn against(&self, later: &Self) -> Vec<String> {
        let mut taken = Vec::new();
        for (name, table) in &self.0 {
            match later.0.get(name) {
                Some(later) => table.against(name, later, &mut taken),
                None => taken.push(format!("{name} is gone")),
            }
        }
        taken
    }
}

impl Table {
    fn against(&self, name: &str, later: &Self, taken: &mut Vec<String>) {
        for (column, before) in &self.columns {
            match later.columns.get(column) {
                None => taken.push(format!("{name}.{column} is gone")),
                Some(now) if now.kind != before.kind => {
                    taken.push(format!("{name}.{column} is of another type"));
                }
                Some(_) => {}
            }
        }
        for (column, now) in &later.columns {
            let was_demanded = self.columns.get(column).is_some_and(|before| before.is_demanded);
            if now.is_demanded && !was_demanded {
                taken.push(format!("{name}.{column} must be given"));
            }
        }
        // One that binds new columns only leaves who does not know them alone.
        let binds_old = |columns: &BTreeSet<String>| columns.iter().any(|c| self.columns.contains_key(c));
        let new = later.rules.iter().filter(|(rule, _)| !self.rules.contains_key(*rule));
        if new.into_iter().any(|(_, columns)| binds_old(columns)) {
            taken.push(format!("{name} has a new rule"));
        }
    }
}

const LITE_COLUMNS: &str =
    "SELECT m.name, c.name, c.type, CASE WHEN c.\"notnull\" AND c.dflt_value IS NULL THEN 'yes' ELSE 'no' END
     FROM sqlite_schema m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE '\\_%' ESCAPE '\\'";

/// Its checks SQLite keeps as text; there they are the same as on PostgreSQL, whose catalogue knows them.
const LITE_RULES: &str = "SELECT m.name, 'index ' || i.name, c.name
     FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
     WHERE m.type = 'table' AND i.\"unique\" AND c.name IS NOT NULL AND m.name NOT LIKE '\\_%' ESCAPE '\\'
     UNION ALL
     SELECT m.name, 'reference ' || f.id, f.\"from\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
     WHERE m.type = 'table'";

const PG_COLUMNS: &str =
    "SELECT table_name::text, column_name::text, data_type::text,
            CASE WHEN is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' THEN 'yes' ELSE 'no' END
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";

const PG_RULES: &str =
    "SELECT c.relname::text, r.conname::text || ' ' || pg_get_constraintdef(r.oid), a.attname::text
     FROM pg_constraint r JOIN pg_class c ON c.oid = r.conrelid
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (r.conkey)
     WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_%' AND r.contype <> 'n'
     UNION ALL
     SELECT c.relname::text, 'index ' || pg_get_indexdef(i.indexrelid), a.attname::text
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
     WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_%'";
