//! temporary
use super::{TestApi, fakes::task, request};
use crate::{Access, AccessToken, Role};
use axum::body::Body;
use http_body_util::BodyExt;
use std::{sync::Arc, time::Instant};
use tower::ServiceExt;

#[test]
#[ignore = "x"]
fn speed() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        for tokens in [false, true] {
            let api = TestApi::with(|state| {
                if tokens {
                    state.access = Access::Tokens(Arc::new([AccessToken::from_secret(
                        "w",
                        Role::Worker,
                        "secretsecretsecretsecretsecret",
                    )]));
                }
            });
            let router = api.router.clone().with_state::<()>(());
            let body = r#"{"id":"01dc098e-ad0b-4908-b44b-924b752aa6eb","organisation":"acme","priority":5,"data":{"id":"01dc098e-ad0b-4908-b44b-924b752aa6eb","boefje":{"id":"dns-records","name":null,"version":null,"oci_image":null},"target":"Hostname|internet|example.com","organization":"_dev","deduplication_key":null,"dispatches":[]}}"#;
            let data = r#"{"id":"01dc098e-ad0b-4908-b44b-924b752aa6eb","boefje":{"id":"dns-records","name":null,"version":null,"oci_image":null},"target":"Hostname|internet|example.com","organization":"_dev","deduplication_key":null,"dispatches":[]}"#;
            runtime.block_on(async {
                for (what, uri, body) in [
                    ("push", "/schedulers/jobs/push", body),
                    ("pop", "/schedulers/jobs/pop?limit=1", ""),
                    ("health", "/", ""),
                    ("refused", "/schedulers/jobs/push", "{}"),
                ] {
                    let n = 100_000;
                    for round in 0..3 {
                        let mut spent = std::time::Duration::ZERO;
                        for _ in 0..n {
                            let mut tasks = api.host.tasks.lock().unwrap();
                            tasks.clear();
                            if what == "pop" {
                                tasks.push(task(1, data));
                            }
                            drop(tasks);
                            api.host.pops.lock().unwrap().clear();
                            let sent = request(if what == "health" { "GET" } else { "POST" }, uri)
                                .header("host", "localhost:8080")
                                .header("user-agent", "python-httpx/0.27")
                                .header("accept", "*/*")
                                .header("content-type", "application/json")
                                .header("authorization", "Bearer secretsecretsecretsecretsecret")
                                .body(Body::from(body))
                                .unwrap();
                            let start = Instant::now();
                            let response = router.clone().oneshot(sent).await.unwrap();
                            let status = response.status().as_u16();
                            let _ = response.into_body().collect().await.unwrap().to_bytes();
                            spent += start.elapsed();
                            assert!(status < 400 || what == "refused", "{status}");
                        }
                        if round == 2 {
                            println!("tokens {tokens} {what}: {:?} per request", spent / n);
                        }
                    }
                }
            });
        }
    });
}
