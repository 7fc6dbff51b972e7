//! Rows on their way: read from one engine, written to the other, and added up on both sides.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::NotMoved;
use super::tables::{Kind, Table};

/// One statement takes no more values than 65,535.
const VALUES: usize = 60_000;
const ROWS: usize = 500;

enum Cell {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows of a table added up, in whatever order they come. No two rows are the same, each has its key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub rows: u64,
    sum: [u64; 4],
}

impl Tally {
    fn add(&mut self, row: &[Cell]) {
        let mut hash = Sha256::new();
        for cell in row {
            let (tag, bytes): (u8, &[u8]) = match cell {
                Cell::Null => (0, &[]),
                Cell::Number(number) => (1, &number.to_be_bytes()),
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Bytes(bytes) => (3, bytes),
            };
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let digest = hash.finalize();
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            *sum = sum.wrapping_add(part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        }
        self.rows += 1;
    }
}

/// Sends every row of a table, and adds up what was read.
pub(super) async fn send(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    table: &Table,
) -> Result<Tally, NotMoved> {
    let sql = format!("SELECT {} FROM {}", table.listed(), table.quoted());
    let mut read = sqlx::query(AssertSqlSafe(sql)).fetch(source);
    let most = ROWS.min(VALUES / table.columns.len().max(1));
    let (mut tally, mut waiting) = (Tally::default(), Vec::new());
    while let Some(row) = read.try_next().await? {
        let cells = of_sqlite(&row, table)?;
        tally.add(&cells);
        waiting.push(cells);
        if waiting.len() == most {
            write(target, table, std::mem::take(&mut waiting)).await?;
        }
    }
    if !waiting.is_empty() {
        write(target, table, waiting).await?;
    }
    Ok(tally)
}

/// Adds up what a table of the target holds.
pub(super) async fn tally(target: &mut PgConnection, table: &Table) -> Result<Tally, NotMoved> {
    let sql = format!("SELECT {} FROM {}", table.listed(), table.quoted());
    let mut read = sqlx::query(AssertSqlSafe(sql)).fetch(target);
    let mut tally = Tally::default();
    while let Some(row) = read.try_next().await? {
        tally.add(&of_postgres(&row, table)?);
    }
    Ok(tally)
}

async fn write(target: &mut PgConnection, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), NotMoved> {
    let width = table.columns.len();
    let row = |at: usize| {
        let places: Vec<String> = (1..=width).map(|column| format!("${}", at * width + column)).collect();
        format!("({})", places.join(", "))
    };
    let places = (0..rows.len()).map(row).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {places}",
        table.quoted(),
        table.listed()
    );
    let mut values = PgArguments::default();
    for row in rows {
        for (cell, column) in row.into_iter().zip(&table.columns) {
            bind(&mut values, column.kind, cell)?;
        }
    }
    sqlx::query_with(AssertSqlSafe(sql), values).persistent(false).execute(target).await?;
    Ok(())
}

fn bind(values: &mut PgArguments, kind: Kind, cell: Cell) -> Result<(), NotMoved> {
    let bound = match (kind, cell) {
        (Kind::Number, Cell::Null) => values.add(None::<i64>),
        (Kind::Text, Cell::Null) => values.add(None::<String>),
        (Kind::Bytes, Cell::Null) => values.add(None::<Vec<u8>>),
        (Kind::Id, Cell::Null) => values.add(None::<Uuid>),
        (Kind::Number, Cell::Number(number)) => values.add(number),
        (Kind::Text, Cell::Text(text)) => values.add(text),
        (Kind::Bytes, Cell::Bytes(bytes)) => values.add(bytes),
        (Kind::Id, Cell::Bytes(bytes)) => values.add(Uuid::from_slice(&bytes).map_err(|_| NotMoved::Type)?),
        _ => return Err(NotMoved::Type),
    };
    bound.map_err(|_| NotMoved::Type)
}

fn of_sqlite(row: &SqliteRow, table: &Table) -> Result<Vec<Cell>, NotMoved> {
    let cell = |(at, column): (usize, &super::tables::Column)| {
        Ok(match column.kind {
            Kind::Number => row.try_get::<Option<i64>, _>(at)?.map(Cell::Number),
            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
            Kind::Bytes | Kind::Id => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cell::Bytes),
        }
        .unwrap_or(Cell::Null))
    };
    table.columns.iter().enumerate().map(cell).collect()
}

fn of_postgres(row: &PgRow, table: &Table) -> Result<Vec<Cell>, NotMoved> {
    let cell = |(at, column): (usize, &super::tables::Column)| {
        Ok(match column.kind {
            Kind::Number => row.try_get::<Option<i64>, _>(at)?.map(Cell::Number),
            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Cell::Text),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Cell::Bytes),
            Kind::Id => row.try_get::<Option<Uuid>, _>(at)?.map(|id| Cell::Bytes(id.as_bytes().to_vec())),
        }
        .unwrap_or(Cell::Null))
    };
    table.columns.iter().enumerate().map(cell).collect()
}
