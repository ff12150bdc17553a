//! Versions of plugins and their activations.

use hinny_core::{
    PluginDigest,
    plugin::{Activation, PluginVersion, Slot},
    store::StoreError,
};
use sqlx::{PgPool, postgres::PgRow};

use super::{
    error::meaning,
    row::Columns,
    sql::{json, stored},
    writer::Writer,
};
use crate::word::clamp;

macro_rules! version_columns {
    () => {
        "digest, name, version, world, size, uploaded_at, uploaded_by, verdict"
    };
}

const PUT_COMPONENT: &str = "
    INSERT INTO plugin_component (digest, component) VALUES ($1, $2) ON CONFLICT DO NOTHING";

const PUT_VERSION: &str = concat!(
    "INSERT INTO plugin_version (",
    version_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
);

const VERSION: &str =
    concat!("SELECT ", version_columns!(), " FROM plugin_version WHERE digest = $1");

const VERSIONS: &str = concat!(
    "SELECT ",
    version_columns!(),
    " FROM plugin_version ORDER BY uploaded_at DESC, arrival DESC"
);

const COMPONENT: &str = "SELECT component FROM plugin_component WHERE digest = $1";

// The next generation and no other: two that switch the same slot cannot both be it.
const ACTIVATE: &str = "
    INSERT INTO plugin_activation (scheduler, world, generation, digest, at, by, reason, settings,
        stage, ended, forced)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    WHERE $3 = 1 + (
        SELECT coalesce(max(generation), 0) FROM plugin_activation
        WHERE scheduler = $1 AND world = $2
    )";

const ACTIVATIONS: &str = "
    SELECT generation, digest, settings, at, by, reason, stage, ended, forced
    FROM plugin_activation
    WHERE scheduler = $1 AND world = $2
    ORDER BY generation DESC
    LIMIT $3";

/// Keeps a version with its component.
pub(crate) async fn put_version(
    writer: &Writer,
    version: &PluginVersion,
    component: &[u8],
) -> Result<(), StoreError> {
    let verdict = json(&version.verdict)?;
    let digest = version.digest.0.to_vec();
    let mut turn = writer.turn().await?;
    turn.begin().await?;
    let connection = turn.connection()?;
    sqlx::query(PUT_COMPONENT)
        .bind(digest.clone())
        .bind(component.to_vec())
        .execute(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    sqlx::query(PUT_VERSION)
        .bind(digest)
        .bind(stored(&version.name))
        .bind(stored(&version.version))
        .bind(version.world.as_str())
        .bind(clamp(version.size))
        .bind(version.uploaded_at.as_micros())
        .bind(stored(&version.uploaded_by))
        .bind(verdict)
        .execute(connection)
        .await
        .map_err(|error| meaning(&error))?;
    turn.end().await?;
    Ok(())
}

/// One version.
pub(crate) async fn version(
    readers: &PgPool,
    digest: &PluginDigest,
) -> Result<Option<PluginVersion>, StoreError> {
    let row = sqlx::query(VERSION).bind(digest.0.to_vec()).fetch_optional(readers).await;
    row.map_err(|error| meaning(&error))?.as_ref().map(read_version).transpose()
}

/// All versions, newest first.
pub(crate) async fn versions(readers: &PgPool) -> Result<Vec<PluginVersion>, StoreError> {
    let rows = sqlx::query(VERSIONS).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_version).collect()
}

/// The component of a version.
pub(crate) async fn component(
    readers: &PgPool,
    digest: &PluginDigest,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query(COMPONENT).bind(digest.0.to_vec()).fetch_optional(readers).await;
    let row = row.map_err(|error| meaning(&error))?;
    row.as_ref().map(|row| Columns::of(row, "a component").next()).transpose()
}

/// Appends an activation to a slot.
pub(crate) async fn activate(writer: &Writer, activation: &Activation) -> Result<(), StoreError> {
    let settings = json(&activation.settings)?;
    let mut turn = writer.turn().await?;
    let done = sqlx::query(ACTIVATE)
        .bind(activation.slot.scheduler.as_str().to_owned())
        .bind(activation.slot.world.as_str())
        .bind(clamp(activation.generation))
        .bind(activation.digest.0.to_vec())
        .bind(activation.at.as_micros())
        .bind(stored(&activation.by))
        .bind(stored(&activation.reason))
        .bind(settings)
        .bind(activation.stage.to_string())
        .bind(activation.ended.map(clamp))
        .bind(activation.forced)
        .execute(turn.connection()?)
        .await
        .map_err(|error| meaning(&error))?;
    turn.end().await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(not_next(activation)) }
}

/// The activations of a slot, newest first.
pub(crate) async fn activations(
    readers: &PgPool,
    slot: &Slot,
    limit: u32,
) -> Result<Vec<Activation>, StoreError> {
    let query = sqlx::query(ACTIVATIONS).bind(slot.scheduler.as_str()).bind(slot.world.as_str());
    let rows =
        query.bind(i64::from(limit)).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(|row| read_activation(row, slot)).collect()
}

fn not_next(activation: &Activation) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "generation {} is not the next of slot `{}`",
            activation.generation, activation.slot
        ),
        hint: "another request switched the slot: look at it, then try again",
    }
}

fn read_version(row: &PgRow) -> Result<PluginVersion, StoreError> {
    let mut columns = Columns::of(row, "a plugin version");
    Ok(PluginVersion {
        digest: columns.digest()?,
        name: columns.text()?,
        version: columns.text()?,
        world: columns.word()?,
        size: columns.number()?,
        uploaded_at: columns.moment()?,
        uploaded_by: columns.text()?,
        verdict: columns.document()?,
    })
}

fn read_activation(row: &PgRow, slot: &Slot) -> Result<Activation, StoreError> {
    let mut columns = Columns::of(row, "an activation");
    Ok(Activation {
        slot: slot.clone(),
        generation: columns.number()?,
        digest: columns.digest()?,
        settings: columns.document()?,
        at: columns.moment()?,
        by: columns.text()?,
        reason: columns.text()?,
        stage: columns.word()?,
        ended: columns.next::<Option<i64>>()?.map(i64::unsigned_abs),
        forced: columns.next()?,
    })
}
