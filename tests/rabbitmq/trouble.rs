//! A broker or a database that does not do what is wanted.

use std::time::Duration;

use sqlx::Connection;

use super::{
    broker::{rabbitmqctl, until},
    rig::{Rig, messages},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_another_durability_is_told_and_taken_as_soon_as_it_is_mended() {
    let mut rig = Rig::prepare(|_| {}).await;
    rig.broker.declare(&rig.name, false).await;
    rig = rig.begin().await;
    until("nobody says so", async || {
        rig.trouble().await.as_str().is_some_and(|why| why.contains("other properties"))
    })
    .await;
    rig.broker.delete(&rig.name).await;
    rig.until_it_takes().await;
    rig.send(&messages(0..3)).await;
    rig.until_handled(3).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_removed_is_made_again() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    rig.broker.delete(&rig.name).await;
    until("nobody notices", async || rig.trouble().await.is_string()).await;
    rig.until_it_takes().await;
    rig.send(&messages(0..3)).await;
    rig.until_handled(3).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_starts_without_a_broker_and_takes_messages_when_it_comes() {
    let mut rig = Rig::prepare(|_| {}).await;
    rig.proxy.shut();
    rig = rig.begin().await;
    until("nobody says so", async || {
        rig.trouble().await.as_str().is_some_and(|why| why.contains("cannot be reached"))
    })
    .await;
    rig.proxy.open();
    rig.until_it_takes().await;
    rig.send(&messages(0..3)).await;
    rig.until_handled(3).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_cannot_be_written_messages_are_held_and_then_handled_once() {
    let rig = Rig::start(|_| {}).await;
    rig.until_it_takes().await;
    rig.send(&messages(0..50)).await;
    rig.until_handled(50).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(rig.folder().join("hinny.db"));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    rig.send(&messages(50..200)).await;
    until("nobody says so", async || rig.trouble().await.is_string()).await;
    assert_eq!(rig.handled().await, 50);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    rig.until_handled(200).await;
    rig.until_quiet().await;
    assert_eq!(rig.handled().await, 200);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_broker_loses_and_doubles_nothing() {
    let rig = Rig::start_alone().await;
    rig.until_it_takes().await;
    rig.send(&messages(0..2000)).await;
    rig.until_handled(100).await;
    let restart = || {
        rabbitmqctl(&["stop_app"]);
        rabbitmqctl(&["start_app"]);
    };
    tokio::task::spawn_blocking(restart).await.unwrap();
    tokio::time::timeout(Duration::from_mins(2), rig.until_handled(2000)).await.unwrap();
    let rig = rig.with_new_connection().await;
    rig.until_quiet().await;
    assert_eq!(rig.handled().await, 2000);
    rig.end().await;
}
