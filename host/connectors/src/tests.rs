//! Services that misbehave, and what the plugin that asks is told.

mod fake;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::future::join_all;
use hinny_core::{
    SchedulerId,
    connector::{ConnectorError, Connectors, Method, ServiceRequest, ServiceResponse},
    plugin::{Slot, World},
};

use self::fake::{Fake, Reply, ok, status};
use crate::{
    Auth, Breaking, Caching, HttpConnectors, LoginFlow, LoginFormat, Retrying, ServiceConfig,
};

fn config(url: &str) -> ServiceConfig {
    ServiceConfig {
        name: "store".to_owned(),
        url: url.to_owned(),
        auth: Auth::Open,
        timeout: Duration::from_secs(20),
        connections_max: 4,
        retrying: Retrying {
            attempts_max: 3,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(5),
        },
        breaking: Breaking { failures_max: 0, rest: Duration::from_mins(1) },
        caching: None,
        answer_bytes_max: 1_000,
        health_path: None,
    }
}

fn connectors(config: ServiceConfig) -> HttpConnectors {
    HttpConnectors::new(vec![config], "1.2.3").unwrap()
}

fn slot() -> Slot {
    Slot { scheduler: SchedulerId::new("jobs").unwrap(), world: World::Scheduler }
}

fn get(path: &str) -> ServiceRequest {
    ServiceRequest {
        service: "store".to_owned(),
        method: Method::Get,
        path: path.to_owned(),
        query: Vec::new(),
        body: None,
    }
}

fn post(path: &str, json: &str) -> ServiceRequest {
    ServiceRequest { method: Method::Post, body: Some(json.to_owned()), ..get(path) }
}

async fn ask(
    connectors: &HttpConnectors,
    request: ServiceRequest,
) -> Result<ServiceResponse, ConnectorError> {
    connectors.send(&slot(), request).await
}

fn text(answer: Result<ServiceResponse, ConnectorError>) -> String {
    match answer {
        Ok(answer) => format!("{} {}", answer.status, String::from_utf8(answer.body).unwrap()),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_question_goes_out_as_it_was_asked_and_any_status_is_an_answer() {
    let fake = Fake::start(|_, _| status(418, "{\"short\": true}")).await;
    let connectors = connectors(config(&format!("{}/api/", fake.url)));
    let mut request = post("/v1/items", "{\"a\":1}");
    request.query = vec![("of".to_owned(), "a b".to_owned()), ("of".to_owned(), "c".to_owned())];
    let answer = ask(&connectors, request).await.unwrap();
    assert_eq!((answer.status, &*answer.content_type), (418, "application/json"));
    let asked = fake.asked();
    let [asked] = &asked[..] else { panic!("{asked:?}") };
    assert!(asked.starts_with("POST /api/v1/items?of=a+b&of=c HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("user-agent: hinny/1.2.3\r\n"), "{asked}");
    assert!(asked.contains("content-type: application/json\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
}

#[tokio::test]
async fn a_service_that_is_not_configured_is_told_with_those_that_are() {
    let connectors = connectors(config("http://127.0.0.1:1"));
    let request = ServiceRequest { service: "moon".to_owned(), ..get("/") };
    assert_eq!(
        text(ask(&connectors, request).await),
        "no service `moon` is configured, there are: `store`; hint: add it as `[[connectors]]`"
    );
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_then_told() {
    let url = fake::unused().await;
    let answer = ask(&connectors(config(&url)), post("/", "1")).await;
    let said = text(answer);
    assert!(
        said.starts_with("service `store` cannot be asked now: it cannot be reached: "),
        "{said}"
    );
    assert!(said.contains("refused"), "{said}");
}

#[tokio::test]
async fn a_reset_is_tried_again_where_that_is_safe() {
    let fake = Fake::start(|nth, _| if nth < 2 { Reply::Reset } else { ok("there") }).await;
    let asking = connectors(config(&fake.url));
    assert_eq!(text(ask(&asking, get("/")).await), "200 there");
    assert_eq!(fake.asked().len(), 3);

    let fake = Fake::start(|_, _| Reply::Reset).await;
    let asking = connectors(config(&fake.url));
    let answer = ask(&asking, post("/", "1")).await;
    assert!(matches!(answer, Err(ConnectorError::Unavailable { .. })), "{answer:?}");
    assert_eq!(fake.asked().len(), 1, "the service may have done it");
    let answer = ask(&asking, get("/")).await;
    assert!(matches!(answer, Err(ConnectorError::Unavailable { .. })), "{answer:?}");
    assert_eq!(fake.asked().len(), 1 + 3, "three tries in all");
}

#[tokio::test]
async fn a_status_is_never_tried_again() {
    let fake = Fake::start(|_, _| status(500, "broken")).await;
    assert_eq!(text(ask(&connectors(config(&fake.url)), get("/")).await), "500 broken");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn garbage_in_place_of_http_is_told() {
    let fake = Fake::start(|_, _| Reply::Raw("SSH-2.0-OpenSSH_9.9\r\n".to_owned())).await;
    let answer = ask(&connectors(config(&fake.url)), get("/")).await;
    assert!(matches!(answer, Err(ConnectorError::Unavailable { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    let fake = Fake::start(|_, _| Reply::Hang).await;
    let timeout = Duration::from_millis(50);
    let asking = connectors(ServiceConfig { timeout, ..config(&fake.url) });
    assert_eq!(
        text(ask(&asking, get("/")).await),
        "service `store` cannot be asked now: no answer within 50 ms; hint: raise `timeout_seconds` of the service"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let endless = Reply::Raw(format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
        format!("{:x}\r\n{}\r\n", 400, "x".repeat(400)).repeat(4)
    ));
    let long = ok(&"x".repeat(1_001));
    for reply in [endless, long] {
        let fake = Fake::start(move |_, _| reply.clone()).await;
        let answer = ask(&connectors(config(&fake.url)), get("/")).await;
        let expected = ConnectorError::TooLarge { service: "store".to_owned(), max: 1_000 };
        assert_eq!(answer, Err(expected));
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn redirects_are_followed_within_the_service_only() {
    let other = Fake::start(|_, _| ok("stolen")).await;
    let elsewhere = other.url.clone();
    let fake = Fake::start(move |_, asked| match asked {
        asked if asked.starts_with("GET /here ") => fake::redirect("/there"),
        asked if asked.starts_with("GET /away ") => fake::redirect(&elsewhere),
        asked if asked.starts_with("GET /round ") => fake::redirect("/round"),
        _ => ok("found"),
    })
    .await;
    let auth = Auth::Bearer("secret".to_owned());
    let asking = connectors(ServiceConfig { auth, ..config(&fake.url) });
    assert_eq!(text(ask(&asking, get("/here")).await), "200 found");
    assert_eq!(ask(&asking, get("/away")).await.unwrap().status, 302);
    assert_eq!(ask(&asking, get("/round")).await.unwrap().status, 302);
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn credentials_are_shown_and_their_refusal_is_told() {
    let fake = Fake::start(|_, asked| {
        let known = asked.contains("authorization: Bearer good\r\n")
            || asked.contains("authorization: Basic YW5uOmdvb2Q=\r\n");
        if known { ok("in") } else { status(401, "") }
    })
    .await;
    let basic =
        |password: &str| Auth::Basic { username: "ann".to_owned(), password: password.to_owned() };
    for auth in [Auth::Bearer("good".to_owned()), basic("good")] {
        let asking = connectors(ServiceConfig { auth, ..config(&fake.url) });
        assert_eq!(text(ask(&asking, get("/")).await), "200 in");
    }
    for auth in [Auth::Bearer("bad".to_owned()), basic("bad")] {
        let asking = connectors(ServiceConfig { auth, ..config(&fake.url) });
        let said = text(ask(&asking, post("/", "1")).await);
        assert!(said.contains("it refuses the credentials with 401; hint: "), "{said}");
    }
}

/// A service whose tokens are numbered, and that takes the newest only.
async fn with_login(token: &'static str) -> (Fake, HttpConnectors) {
    let newest = AtomicUsize::new(0);
    let fake = Fake::start(move |_, asked| {
        if asked.starts_with("POST /token ") {
            if !asked.ends_with("\r\n\r\nusername=ann&password=p%26w") {
                return status(401, "who?");
            }
            let number = newest.fetch_add(1, Ordering::SeqCst) + 1;
            return ok(&format!("{{\"access\": {{\"token\": \"t{number}\"}}}}"));
        }
        let current = format!("authorization: Bearer t{}\r\n", newest.load(Ordering::SeqCst));
        if asked.contains(&current) { ok("in") } else { status(401, "") }
    })
    .await;
    let flow = LoginFlow {
        path: "/token".to_owned(),
        format: LoginFormat::Form,
        username: "ann".to_owned(),
        password: "p&w".to_owned(),
        token: token.to_owned(),
    };
    let config = ServiceConfig { auth: Auth::Login(flow), ..config(&fake.url) };
    (fake, connectors(config))
}

fn logins(fake: &Fake) -> usize {
    fake.asked().iter().filter(|asked| asked.starts_with("POST /token ")).count()
}

#[tokio::test]
async fn many_questions_log_in_once_and_once_more_when_the_token_has_expired() {
    let (fake, asking) = with_login("/access/token").await;
    let all = || join_all((0..8).map(|_| ask(&asking, get("/"))));
    assert!(all().await.into_iter().all(|answer| text(answer) == "200 in"));
    assert_eq!(logins(&fake), 1);
    // Answered with 401, like everything until the next log-in, whose token is the one after.
    fake.break_token();
    assert!(all().await.into_iter().all(|answer| text(answer) == "200 in"));
    assert_eq!(logins(&fake), 2);
}

#[tokio::test]
async fn a_log_in_that_fails_is_told_with_what_to_mend() {
    let (fake, asking) = with_login("/token").await;
    let said = text(ask(&asking, post("/", "1")).await);
    assert!(said.contains("has no text at `/token`; hint: check its `login_token`"), "{said}");
    let flow = LoginFlow {
        path: "/token".to_owned(),
        format: LoginFormat::Json,
        username: "ann".to_owned(),
        password: "wrong".to_owned(),
        token: "/access/token".to_owned(),
    };
    let asking = connectors(ServiceConfig { auth: Auth::Login(flow), ..config(&fake.url) });
    let said = text(ask(&asking, post("/", "1")).await);
    assert!(said.contains("the log-in at `/token` is answered with 401; hint: "), "{said}");
}

#[tokio::test]
async fn a_service_that_is_not_there_again_and_again_is_left_alone() {
    let fake = Fake::start(|_, _| status(503, "")).await;
    let breaking = Breaking { failures_max: 2, rest: Duration::from_mins(1) };
    let asking = connectors(ServiceConfig { breaking, ..config(&fake.url) });
    for _ in 0..2 {
        assert_eq!(ask(&asking, get("/")).await.unwrap().status, 503);
    }
    let said = text(ask(&asking, get("/")).await);
    assert!(said.contains("it failed again and again, and is left alone for another"), "{said}");
    assert_eq!(fake.asked().len(), 2);
}

#[tokio::test]
async fn a_service_is_not_left_alone_for_what_may_be_about_the_question() {
    let fake = Fake::start(|_, _| status(500, "")).await;
    let breaking = Breaking { failures_max: 1, rest: Duration::from_mins(1) };
    let asking = connectors(ServiceConfig { breaking, ..config(&fake.url) });
    for _ in 0..3 {
        assert_eq!(ask(&asking, get("/")).await.unwrap().status, 500);
    }
}

#[tokio::test]
async fn answers_are_kept_by_path_and_query_and_asked_for_once() {
    let fake = Fake::start(|nth, asked| match asked {
        asked if asked.starts_with("GET /missing ") => status(404, &nth.to_string()),
        _ => ok(&nth.to_string()),
    })
    .await;
    let caching = Some(Caching { keep: Duration::from_mins(10), bytes_max: 1 << 20 });
    let asking = connectors(ServiceConfig { caching, ..config(&fake.url) });
    let answers = join_all((0..10).map(|_| ask(&asking, get("/a")))).await;
    assert!(answers.into_iter().all(|answer| text(answer) == "200 0"));
    let query = ServiceRequest { query: vec![("q".to_owned(), String::new())], ..get("/a") };
    assert_eq!(text(ask(&asking, query).await), "200 1");
    assert_eq!(text(ask(&asking, post("/a", "1")).await), "200 2");
    assert_eq!(text(ask(&asking, get("/a")).await), "200 0");
    for nth in [3, 4] {
        assert_eq!(text(ask(&asking, get("/missing")).await), format!("404 {nth}"));
    }
}

#[tokio::test]
async fn no_more_questions_are_on_their_way_than_the_service_takes() {
    let fake = Fake::start(|_, _| ok("in")).await;
    let asking = connectors(ServiceConfig { connections_max: 2, ..config(&fake.url) });
    let answers = join_all((0..50).map(|_| ask(&asking, get("/")))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert!(fake.connections() <= 2, "{}", fake.connections());
}

#[tokio::test]
async fn health_is_what_the_service_says_of_itself() {
    let fake = Fake::start(|_, asked| match asked {
        asked if asked.starts_with("GET /well ") => ok("{\"healthy\": true}"),
        asked if asked.starts_with("GET /ill ") => ok("{\"healthy\": false}"),
        asked if asked.starts_with("GET /plain ") => ok("fine"),
        _ => status(500, ""),
    })
    .await;
    let of = |name: &str, url: &str, path: Option<&str>| ServiceConfig {
        name: name.to_owned(),
        health_path: path.map(str::to_owned),
        ..config(url)
    };
    let unused = fake::unused().await;
    let asking = HttpConnectors::new(
        vec![
            of("well", &fake.url, Some("/well")),
            of("ill", &fake.url, Some("/ill")),
            of("plain", &fake.url, Some("/plain")),
            of("broken", &fake.url, Some("/other")),
            of("there", &fake.url, None),
            of("gone", &unused, None),
        ],
        "1.2.3",
    )
    .unwrap();
    let health = asking.health(Duration::from_secs(20)).await;
    let told: Vec<_> = health
        .iter()
        .map(|one| (&*one.service, one.healthy, one.reason.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        told[..5],
        [
            ("well", true, ""),
            ("ill", false, "`/ill` says that it is not healthy"),
            ("plain", true, ""),
            ("broken", false, "`/other` answers 500"),
            ("there", true, ""),
        ]
    );
    assert!(!told[5].1 && told[5].2.contains("refused"), "{told:?}");
}

#[test]
fn secrets_are_not_in_what_is_printed() {
    let secret = || "hunter2".to_owned();
    let flow = LoginFlow {
        path: "/token".to_owned(),
        format: LoginFormat::Form,
        username: "ann".to_owned(),
        password: secret(),
        token: "/t".to_owned(),
    };
    let basic = Auth::Basic { username: "ann".to_owned(), password: secret() };
    for auth in [Auth::Bearer(secret()), basic, Auth::Login(flow)] {
        let config = ServiceConfig { auth, ..config("http://a.example") };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}

#[test]
fn an_address_that_cannot_be_used_is_named() {
    let refused = HttpConnectors::new(vec![config("store.example")], "1.2.3").unwrap_err();
    assert!(refused.to_string().starts_with("`url` of service `store` cannot be used: "));
}
