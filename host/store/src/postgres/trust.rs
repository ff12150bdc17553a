//! Who vouches for plugins, and what was not let in.

use hinny_core::{
    PluginDigest, SchedulerId,
    plugin::{KeyFingerprint, PluginSignature, Refusal, Signature, Slot, World},
    store::{REFUSALS_KEPT, StoreError},
};
use sqlx::{PgPool, postgres::PgRow};

use super::{error::meaning, row::Columns, sql::stored, writer::Writer};

// Of a key that is not trusted anything may have been kept: what came last may mend it.
const PUT_SIGNATURE: &str = "
    INSERT INTO plugin_signature (digest, key, signature, at, by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (digest, key)
    DO UPDATE SET signature = excluded.signature, at = excluded.at, by = excluded.by";

const SIGNATURES: &str = "
    SELECT digest, key, signature, at, by
    FROM plugin_signature
    WHERE $1 IS NULL OR digest = $1
    ORDER BY at, key";

const PUT_REFUSAL: &str = "
    INSERT INTO plugin_refusal (at, by, scheduler, world, plugin, wanted, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const FORGET_REFUSALS: &str = "
    DELETE FROM plugin_refusal WHERE number <= (SELECT max(number) FROM plugin_refusal) - $1";

const REFUSALS: &str = "
    SELECT at, by, scheduler, world, plugin, wanted, reason
    FROM plugin_refusal
    ORDER BY number DESC";

/// Keeps a signature.
pub(crate) async fn put_signature(
    writer: &Writer,
    kept: &PluginSignature,
) -> Result<(), StoreError> {
    let PluginSignature { signature, at, by } = kept;
    let mut turn = writer.turn().await?;
    sqlx::query(PUT_SIGNATURE)
        .bind(signature.digest.0.to_vec())
        .bind(signature.key.0.to_vec())
        .bind(signature.bytes.to_vec())
        .bind(at.as_micros())
        .bind(stored(by))
        .execute(turn.connection()?)
        .await
        .map_err(|error| meaning(&error))?;
    turn.end().await
}

/// The signatures of a version, or of all.
pub(crate) async fn signatures(
    readers: &PgPool,
    digest: Option<&PluginDigest>,
) -> Result<Vec<PluginSignature>, StoreError> {
    let query = sqlx::query(SIGNATURES).bind(digest.map(|digest| digest.0.to_vec()));
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_signature).collect()
}

/// Keeps what was not let in, and forgets the oldest.
pub(crate) async fn put_refusal(writer: &Writer, refusal: &Refusal) -> Result<(), StoreError> {
    let slot = refusal.slot.as_ref();
    let mut turn = writer.turn().await?;
    turn.begin().await?;
    let connection = turn.connection()?;
    sqlx::query(PUT_REFUSAL)
        .bind(refusal.at.as_micros())
        .bind(stored(&refusal.by))
        .bind(slot.map(|slot| slot.scheduler.as_str().to_owned()))
        .bind(slot.map(|slot| slot.world.as_str()))
        .bind(stored(&refusal.plugin))
        .bind(stored(&refusal.wanted))
        .bind(stored(&refusal.reason))
        .execute(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    sqlx::query(FORGET_REFUSALS)
        .bind(i64::from(REFUSALS_KEPT))
        .execute(connection)
        .await
        .map_err(|error| meaning(&error))?;
    turn.end().await
}

/// What was not let in, newest first.
pub(crate) async fn refusals(readers: &PgPool) -> Result<Vec<Refusal>, StoreError> {
    let rows = sqlx::query(REFUSALS).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_refusal).collect()
}

fn read_signature(row: &PgRow) -> Result<PluginSignature, StoreError> {
    let mut columns = Columns::of(row, "a signature of a plugin");
    Ok(PluginSignature {
        signature: Signature {
            digest: columns.digest()?,
            key: columns.digest().map(|PluginDigest(bytes)| KeyFingerprint(bytes))?,
            bytes: columns.signature()?,
        },
        at: columns.moment()?,
        by: columns.text()?,
    })
}

fn read_refusal(row: &PgRow) -> Result<Refusal, StoreError> {
    let mut columns = Columns::of(row, "a refusal of a plugin");
    Ok(Refusal {
        at: columns.moment()?,
        by: columns.text()?,
        slot: slot(&mut columns)?,
        plugin: columns.text()?,
        wanted: columns.text()?,
        reason: columns.text()?,
    })
}

fn slot(columns: &mut Columns<'_>) -> Result<Option<Slot>, StoreError> {
    let scheduler: Option<SchedulerId> = columns.parse_if_any()?;
    let world: Option<World> = columns.word_if_any()?;
    Ok(scheduler.zip(world).map(|(scheduler, world)| Slot { scheduler, world }))
}
