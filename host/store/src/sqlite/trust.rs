//! Who vouches for plugins, and what was not let in.

use hinny_core::{
    PluginDigest, SchedulerId,
    plugin::{KeyFingerprint, PluginSignature, Refusal, Signature, Slot, World},
    store::{REFUSALS_KEPT, StoreError},
};
use sqlx::{SqlitePool, sqlite::SqliteRow};

use super::{error::meaning, row::Columns, writer::Writer};

// Of a key that is not trusted anything may have been kept: what came last may mend it.
const PUT_SIGNATURE: &str = "
    INSERT INTO plugin_signature (digest, key, signature, at, by) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (digest, key)
    DO UPDATE SET signature = excluded.signature, at = excluded.at, by = excluded.by";

const SIGNATURES: &str = "
    SELECT digest, key, signature, at, by
    FROM plugin_signature
    WHERE ?1 IS NULL OR digest = ?1
    ORDER BY at, key";

const PUT_REFUSAL: &str = "
    INSERT INTO plugin_refusal (at, by, scheduler, world, plugin, wanted, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?)";

const FORGET_REFUSALS: &str = "
    DELETE FROM plugin_refusal WHERE number <= (SELECT max(number) FROM plugin_refusal) - ?";

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
        .bind(by.clone())
        .execute(turn.connection())
        .await
        .map_err(|error| meaning(&error))?;
    turn.done();
    Ok(())
}

/// The signatures of a version, or of all.
pub(crate) async fn signatures(
    readers: &SqlitePool,
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
    let connection = turn.connection();
    sqlx::query(PUT_REFUSAL)
        .bind(refusal.at.as_micros())
        .bind(refusal.by.clone())
        .bind(slot.map(|slot| slot.scheduler.as_str().to_owned()))
        .bind(slot.map(|slot| slot.world.as_str()))
        .bind(refusal.plugin.clone())
        .bind(refusal.wanted.clone())
        .bind(refusal.reason.clone())
        .execute(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    sqlx::query(FORGET_REFUSALS)
        .bind(i64::from(REFUSALS_KEPT))
        .execute(connection)
        .await
        .map_err(|error| meaning(&error))?;
    turn.done();
    Ok(())
}

/// What was not let in, newest first.
pub(crate) async fn refusals(readers: &SqlitePool) -> Result<Vec<Refusal>, StoreError> {
    let rows = sqlx::query(REFUSALS).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_refusal).collect()
}

fn read_signature(row: &SqliteRow) -> Result<PluginSignature, StoreError> {
    let mut columns = Columns::of(row, "a signature of a plugin");
    Ok(PluginSignature {
        signature: Signature {
            digest: columns.digest()?,
            key: columns.digest().map(|PluginDigest(bytes)| KeyFingerprint(bytes))?,
            bytes: columns.signature()?,
        },
        at: columns.moment()?,
        by: columns.next()?,
    })
}

fn read_refusal(row: &SqliteRow) -> Result<Refusal, StoreError> {
    let mut columns = Columns::of(row, "a refusal of a plugin");
    Ok(Refusal {
        at: columns.moment()?,
        by: columns.next()?,
        slot: slot(&mut columns)?,
        plugin: columns.next()?,
        wanted: columns.next()?,
        reason: columns.next()?,
    })
}

fn slot(columns: &mut Columns<'_>) -> Result<Option<Slot>, StoreError> {
    let scheduler: Option<SchedulerId> = columns.parse_if_any()?;
    let world: Option<World> = columns.word_if_any()?;
    Ok(scheduler.zip(world).map(|(scheduler, world)| Slot { scheduler, world }))
}
