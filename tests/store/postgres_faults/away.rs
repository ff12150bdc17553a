//! A server that goes away and comes back, seen through a proxy of our own.

use std::{sync::Arc, time::Duration};

use hinny_core::store::{Store as _, StoreError, Unit};
use hinny_store::{PostgresOptions, PostgresStore};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::until_it_answers;
use crate::store::{make::new_task, server::Database};

/// Passes connections on, until it is cut.
struct Proxy {
    cut: CancellationToken,
    passing: TaskTracker,
}

impl Proxy {
    async fn start(port: u16, server: String) -> (Self, u16) {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, passing) = (CancellationToken::new(), TaskTracker::new());
        let (stop, tracker) = (cut.clone(), passing.clone());
        passing.spawn(async move {
            loop {
                let client = tokio::select! {
                    client = listener.accept() => client.unwrap().0,
                    () = stop.cancelled() => return,
                };
                tracker.spawn(pass(client, server.clone(), stop.clone()));
            }
        });
        (Self { cut, passing }, port)
    }

    /// Refuses new connections, and ends those that there are.
    async fn stop(self) {
        self.cut.cancel();
        self.passing.close();
        self.passing.wait().await;
    }
}

async fn pass(mut client: TcpStream, server: String, stop: CancellationToken) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        () = stop.cancelled() => {}
    }
}

/// The address in a URL.
fn address(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    let place = rest.split_once('/').unwrap().0;
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    if host.contains(':') { host.to_owned() } else { format!("{host}:5432") }
}

fn push(number: u32) -> Vec<Unit> {
    vec![Unit { pushes: vec![new_task(number)], ..Unit::default() }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_away_calls_fail_at_once_and_then_work_again() {
    let database = Database::new().await;
    let server = address(&database.url());
    let (proxy, port) = Proxy::start(0, server.clone()).await;
    let url = database.url().replace(&server, &format!("127.0.0.1:{port}"));
    let store = Arc::new(PostgresStore::open(&PostgresOptions::url(&url).unwrap()).await.unwrap());
    store.commit(push(1)).await.unwrap();

    proxy.stop().await;
    let refused = store.commit(push(2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
    // The keeper has looked by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    for _ in 0..100 {
        assert!(store.commit(push(2)).await.is_err());
        assert!(store.ping().await.is_err());
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    let (proxy, _) = Proxy::start(port, server).await;
    until_it_answers(&store).await;
    store.commit(push(3)).await.unwrap();
    let found = store.tasks_by_id(&[new_task(1).id, new_task(2).id, new_task(3).id]).await;
    assert_eq!(found.unwrap().len(), 2);
    store.close().await.unwrap();
    proxy.stop().await;
}
