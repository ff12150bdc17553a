//! What would keep a host from running well on a database server.

use hinny_store::PostgresStore;

use super::{Finding, Verdict, finding};
use crate::{cli::client, config::DatabaseConfig};

/// Whether the database answers, whose it is, and which schema it has.
pub(super) fn database(database: &DatabaseConfig) -> anyhow::Result<Finding> {
    let (options, shown) = (database.postgres_options()?, database.shown());
    client::block_on(async {
        let looked = async {
            let (found, known) = PostgresStore::schema_version(&options).await?;
            Ok((found, known, PostgresStore::user(&options).await?))
        };
        let looked: Result<_, hinny_core::store::StoreError> = looked.await;
        let (verdict, said) = match looked {
            Err(error) => (Verdict::Fail, format!("`{shown}`: {error}")),
            Ok((_, _, Some(user))) => (Verdict::Ok, format!("`{shown}` is in use by {user}")),
            Ok((0, ..)) => {
                (Verdict::Ok, format!("the tables of `{shown}` will be made by the first start"))
            }
            Ok((found, known, None)) if found < known => {
                let said = format!("`{shown}` has schema {found}; the next start makes it {known}");
                (Verdict::Ok, said)
            }
            Ok((found, known, None)) if found > known => {
                let newer = hinny_core::store::StoreError::NewerSchema { found, known };
                (Verdict::Fail, format!("`{shown}`: {newer}"))
            }
            Ok((found, ..)) => (Verdict::Ok, format!("`{shown}`, with schema {found}")),
        };
        Ok(finding("database", verdict, said))
    })
}
