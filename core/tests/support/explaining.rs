use std::sync::{Arc, Mutex};

use llmio_core::platform::{BoxFuture, Database, DatabaseError, Rows, Statement};

/// A database that is only read, and notes how SQLite would run each query.
#[derive(Debug)]
pub(crate) struct Explaining {
    home: Arc<dyn Database>,
    answers: bool,
    plans: Mutex<Vec<String>>,
}

impl Explaining {
    /// Gives no rows.
    #[allow(dead_code, reason = "not all suites want both")]
    pub(crate) fn only(home: Arc<dyn Database>) -> Self {
        Self { home, answers: false, plans: Mutex::default() }
    }

    /// Gives what there is.
    #[allow(dead_code, reason = "not all suites want both")]
    pub(crate) fn answering(home: Arc<dyn Database>) -> Self {
        Self { home, answers: true, plans: Mutex::default() }
    }

    /// Since it was asked last, a line for each table that is read.
    pub(crate) fn plans(&self) -> Vec<String> {
        std::mem::take(&mut self.plans.lock().unwrap())
    }
}

impl Database for Explaining {
    fn name(&self) -> &'static str {
        self.home.name()
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        Box::pin(async move {
            let explain = Statement::new(format!("EXPLAIN QUERY PLAN {}", statement.sql), statement.params.clone());
            for row in self.home.query(explain).await?.iter() {
                self.plans.lock().unwrap().push(row.text("detail")?.to_owned());
            }
            if self.answers { self.home.query(statement).await } else { Ok(Rows::default()) }
        })
    }

    fn batch(&self, _: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        unreachable!("reading needs no batch")
    }

    fn script(&self, _: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        unreachable!("reading needs no script")
    }
}
