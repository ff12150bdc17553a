//! The configuration of an example, with the environment that mula has.

use std::path::Path;

use hinny_server::config::{Config, Loaded, Origin, Sources};

/// Mula's variables, and values that are not the defaults.
const VARIABLES: &[(&str, &str)] = &[
    ("KATALOGUS_API", "http://katalogus.test:1"),
    ("octopoes_api", "http://octopoes.test:2"),
    ("BYTES_API", "http://bytes.test:3"),
    ("BYTES_USERNAME", "mula"),
    ("BYTES_PASSWORD", "0815"),
    ("SCHEDULER_API_HOST", "localhost"),
    ("SCHEDULER_API_PORT", "8005"),
    ("SCHEDULER_PQ_MAXSIZE", "1000"),
    ("SCHEDULER_PQ_GRACE_PERIOD", "3600"),
    ("SCHEDULER_KATALOGUS_REQUEST_TIMEOUT", "11"),
    ("SCHEDULER_OCTOPOES_REQUEST_TIMEOUT", "12"),
    ("SCHEDULER_BYTES_REQUEST_TIMEOUT", "13"),
    ("SCHEDULER_KATALOGUS_POOL_CONNECTIONS", "21"),
    ("SCHEDULER_OCTOPOES_POOL_CONNECTIONS", "22"),
    ("SCHEDULER_BYTES_POOL_CONNECTIONS", "23"),
    ("QUEUE_URI", "amqp://kat:secret@broker.test:4/%2Fkat"),
    ("SCHEDULER_RABBITMQ_PREFETCH_COUNT", "50"),
    ("SCHEDULER_LOGGING_FORMAT", "json"),
];

fn load(environment: &[(&str, &str)]) -> Loaded {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/openkat/hinny.toml");
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let environment = environment.iter().map(owned).collect();
    Sources { file: Some(file), environment, ..Sources::default() }.load().unwrap()
}

#[test]
fn every_variable_of_mula_that_matters_arrives_in_its_key() {
    let Loaded { config, origins } = load(VARIABLES);
    let connectors: Vec<_> = config
        .connectors
        .iter()
        .map(|of| (of.url.as_str(), of.timeout_seconds, of.connections_max))
        .collect();
    assert_eq!(
        connectors,
        [
            ("http://katalogus.test:1", 11, 21),
            ("http://octopoes.test:2", 12, 22),
            ("http://bytes.test:3", 13, 23)
        ]
    );
    let bytes = config.connectors.last().unwrap();
    // A password of digits stays a text.
    assert_eq!((bytes.username.as_str(), bytes.password.as_str()), ("mula", "0815"));
    assert!(config.api.listen.ip().is_loopback());
    assert_eq!(config.api.listen.port(), 8005);
    assert!(config.schedulers.iter().all(|scheduler| scheduler.tasks_max == 1000));
    let rabbitmq = &config.rabbitmq;
    assert_eq!(rabbitmq.url.as_deref(), Some("amqp://kat:secret@broker.test:4/%2Fkat"));
    assert_eq!((rabbitmq.prefetch, rabbitmq.queues.len()), (50, 2));
    let grace = config.schedulers[0].plugin_settings.get("grace_period_seconds");
    assert_eq!(grace, Some(&serde_json::json!(3600)));
    assert_eq!(
        origins.of(&["connectors", "1", "url"]),
        Origin::Environment("octopoes_api".to_owned())
    );
    let format = origins.of(&["log", "format"]);
    assert_eq!(format, Origin::Environment("SCHEDULER_LOGGING_FORMAT".to_owned()));
}

#[test]
fn without_variables_of_mula_the_file_is_as_it_says() {
    let config: Config = load(&[]).config;
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8004");
    assert_eq!(config.connectors[0].url, "http://katalogus.example:8003");
    assert_eq!(config.schedulers[0].tasks_max, 0);
}

#[test]
fn the_readme_names_every_variable_that_the_file_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/openkat");
    let file = std::fs::read_to_string(folder.join("hinny.toml")).unwrap();
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let names = file.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    for name in names.filter(|name| *name != "NAME") {
        let services = ["OCTOPOES", "KATALOGUS", "BYTES"];
        let grouped = services.iter().fold(name.to_owned(), |name, service| {
            name.replace(&format!("SCHEDULER_{service}_"), "SCHEDULER_{OCTOPOES,KATALOGUS,BYTES}_")
        });
        assert!(readme.contains(&format!("`{grouped}`")), "{name} is not in the README");
        let known = VARIABLES.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        assert!(known, "{name} is not tested");
    }
}
