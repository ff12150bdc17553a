//! What people see of the configuration: its errors, and its print.

use std::fs;

use super::*;

/// Layers for a test.
#[derive(Default)]
struct Given {
    file: Option<&'static str>,
    environment: Vec<(&'static str, &'static str)>,
    flags: Vec<(&'static str, &'static str)>,
}

impl Given {
    fn file(text: &'static str) -> Self {
        Self { file: Some(text), ..Self::default() }
    }

    fn environment(name: &'static str, value: &'static str) -> Self {
        Self { environment: vec![(name, value)], ..Self::default() }
    }

    fn load(self) -> Result<Loaded, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hinny.toml");
        fs::write(&path, self.file.unwrap_or_default()).unwrap();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let sources = Sources {
            file: Some(path),
            environment: self.environment.iter().map(owned).collect(),
            flags: self
                .flags
                .iter()
                .map(|(key, value)| Flag {
                    name: format!("--set {key}"),
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect(),
        };
        let plain = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
        sources.load().map_err(|error| plain(error.to_string()))
    }

    fn refusal(self) -> String {
        self.load().unwrap_err()
    }

    fn printed(self) -> String {
        let loaded = self.load().unwrap();
        // The folder of the test is in the notes.
        let text = loaded.to_toml();
        let lines = text.lines().map(|line| match line.split_once("  # /") {
            Some((value, note)) => {
                format!("{value}  # {}\n", note.rsplit('/').next().unwrap_or_default())
            }
            None => format!("{line}\n"),
        });
        lines.collect()
    }
}

#[test]
fn later_layers_win() {
    let loaded = Given {
        file: Some(
            "[stop]\ndrain_seconds = 1\n[log]\nfilter = \"warn\"\n[events]\nattempts_max = 3",
        ),
        environment: vec![
            ("HINNY_STOP__DRAIN_SECONDS", "2"),
            ("HINNY_LOG__FILTER", "debug"),
            ("UNRELATED__KEY", "x"),
        ],
        flags: vec![("stop.drain_seconds", "3")],
    };
    let config = loaded.load().unwrap().config;
    assert_eq!(config.stop.drain_seconds, 3);
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.events.attempts_max, 3);
    assert_eq!(config.events.first_seconds, 1);
}

#[test]
fn lists_come_from_the_environment_as_toml() {
    let given = Given::environment("HINNY_SCHEDULERS", r#"[{ id = "jobs", lease_seconds = 0 }]"#);
    let config = given.load().unwrap().config;
    assert_eq!(config.schedulers[0].queue().lease, None);
}

#[test]
fn the_file_may_refer_to_variables_of_any_name() {
    let given = Given {
        file: Some(concat!(
            "[api]\nlisten = \"${APP_HOST:-0.0.0.0}:${APP_PORT:-8000}\"\n",
            "[log]\nformat = \"${APP_FORMAT:-text}\"\nfilter = \"${APP_FILTER:-warn}\"\n",
            "[[schedulers]]\nid = \"${APP_SCHEDULER}\"\ntasks_max = \"${APP_MAX:-${OLD_MAX:-0}}\"\n",
            "plugin_settings = { grace_seconds = \"${APP_GRACE:-5}\", names = [\"${APP_HOST}\"] }\n",
        )),
        environment: vec![
            ("app_host", "localhost"),
            ("OLD_MAX", "7"),
            ("APP_MAX", ""),
            ("APP_SCHEDULER", "12"),
            ("APP_FILTER", "debug"),
            ("HINNY_LOG__FILTER", "error"),
        ],
        flags: Vec::new(),
    };
    let loaded = given.load().unwrap();
    let (config, origins) = (&loaded.config, &loaded.origins);
    assert!(config.api.listen.ip().is_loopback());
    assert_eq!(config.api.listen.port(), 8000);
    assert_eq!(config.log.filter, "error", "a variable of hinny's own wins over the file");
    let scheduler = &config.schedulers[0];
    assert_eq!((scheduler.id.as_str(), scheduler.tasks_max), ("12", 7));
    let settings = serde_json::json!({ "grace_seconds": 5, "names": ["localhost"] });
    assert_eq!(serde_json::to_value(&scheduler.plugin_settings).unwrap(), settings);
    let origin = |path: &str| origins.of(&outline::segments(path)).note();
    assert_eq!(origin("api.listen"), "app_host");
    assert_eq!(origin("schedulers[0].tasks_max"), "OLD_MAX");
    assert!(origin("log.format").ends_with("hinny.toml:4"), "{}", origin("log.format"));
    assert_eq!(origin("log.filter"), "HINNY_LOG__FILTER");
}

#[test]
fn a_reference_that_cannot_be_followed_is_refused_with_its_key() {
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"${APP_ID}\"").refusal(), @"`schedulers[0].id` in `hinny.toml` cannot be used: environment variable `APP_ID` is not set; hint: set it, or write a default: `${APP_ID:-…}`");
    insta::assert_snapshot!(Given::file("[log]\nfilter = \"${APP\"").refusal(), @"`log.filter` in `hinny.toml` cannot be used: it has a reference without end or name; hint: write `${NAME}` or `${NAME:-default}`; `$${` stands for `${`");
    let max = Given {
        file: Some("[events]\nattempts_max = \"${APP_MAX}\""),
        environment: vec![("APP_MAX", "many")],
        flags: Vec::new(),
    };
    insta::assert_snapshot!(max.refusal(), @"`events.attempts_max` in environment variable `APP_MAX` cannot be used: it is the text `many`; hint: it takes a whole number, 1 to 1000");
}

#[test]
fn variables_that_orchestrators_set_are_not_ours() {
    let given = Given {
        environment: vec![
            ("HINNY_PORT", "tcp://10.0.0.1:8080"),
            ("HINNY_SERVICE_HOST", "10.0.0.1"),
            ("HINNY_API_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("HINNY_URL", "http://x"),
        ],
        ..Given::default()
    };
    assert_eq!(given.load().unwrap().config, Config::default());
}

#[test]
fn a_variable_with_one_underscore_too_few_is_refused() {
    insta::assert_snapshot!(Given::environment("HINNY_API_LISTEN", "x").refusal(), @"environment variable `HINNY_API_LISTEN` does not count; hint: with two underscores between the levels it is `HINNY_API__LISTEN`");
    insta::assert_snapshot!(Given::environment("HINNY_PLUGINS_LIMITS_RANK_MS", "1").refusal(), @"environment variable `HINNY_PLUGINS_LIMITS_RANK_MS` does not count; hint: with two underscores between the levels it is `HINNY_PLUGINS__LIMITS__RANK_MS`");
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_the_nearest_known_key() {
    insta::assert_snapshot!(Given::file("[api]\n\nlistne = \"127.0.0.1:1\"").refusal(), @"unknown key `api.listne` in `hinny.toml` line 3; hint: did you mean `listen`? `hinny config --reference` lists all");
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"a\"\nrankr = \"x\"").refusal(), @"unknown key `schedulers[0].rankr` in `hinny.toml` line 3; hint: did you mean `ranker`? `hinny config --reference` lists all");
    insta::assert_snapshot!(Given::environment("HINNY_STOP__SECONDS", "1").refusal(), @"unknown key `stop.seconds` in environment variable `HINNY_STOP__SECONDS`; hint: what is known here: drain_seconds");
    insta::assert_snapshot!(Given::file("[plugin]\n").refusal(), @"unknown key `plugin` in `hinny.toml` line 1; hint: did you mean `plugins`? `hinny config --reference` lists all");
    insta::assert_snapshot!(Given::file("[plugins.limits]\nmemory = 3").refusal(), @"unknown key `plugins.limits.memory` in `hinny.toml` line 2; hint: did you mean `memory_mb`? `hinny config --reference` lists all");
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_what_would() {
    insta::assert_snapshot!(Given::file("[api]\nlisten = \"localhost\"").refusal(), @"`api.listen` in `hinny.toml` line 2 cannot be used: invalid socket address syntax; hint: it takes an address and port, such as `127.0.0.1:8080`");
    insta::assert_snapshot!(Given::file("[log]\nformat = \"xml\"").refusal(), @"`log.format` in `hinny.toml` line 2 cannot be used: it is `xml`; hint: it takes `text` or `json`");
    insta::assert_snapshot!(Given::environment("HINNY_EVENTS__ATTEMPTS_MAX", "many").refusal(), @"`events.attempts_max` in environment variable `HINNY_EVENTS__ATTEMPTS_MAX` cannot be used: it is the text `many`; hint: it takes a whole number, 1 to 1000");
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"a\"\ntasks_max = -1").refusal(), @"`schedulers[0].tasks_max` in `hinny.toml` line 3 cannot be used: it is `-1`; hint: it takes a whole number, 0 to 1000000000");
    insta::assert_snapshot!(Given::environment("HINNY_SCHEDULERS__JOBS__RANKER", "x").refusal(), @"`schedulers` in environment variable `HINNY_SCHEDULERS__JOBS__RANKER` cannot be used: it is a table; hint: it takes a list of tables");
}

#[test]
fn a_value_that_makes_no_sense_is_refused_with_its_origin() {
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"a\"\npop_default = 5\npop_max = 2").refusal(), @"`schedulers[0].pop_default` is `5` in `hinny.toml` line 3: it is more than `pop_max`; hint: lower it, or raise `pop_max`");
    insta::assert_snapshot!(Given::environment("HINNY_EVENTS__ATTEMPTS_MAX", "0").refusal(), @"`events.attempts_max` is `0` in environment variable `HINNY_EVENTS__ATTEMPTS_MAX`: it is out of range; hint: it takes a whole number, 1 to 1000");
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"a\"\n[[schedulers]]\nid = \"a\"").refusal(), @"`schedulers[1].id` is `a` in `hinny.toml` line 4: another scheduler has that id; hint: give each scheduler its own");
    insta::assert_snapshot!(Given::file("[[schedulers]]\nid = \"a\"\ntime_zone = \"Mars\"").refusal(), @"`schedulers[0].time_zone` is `Mars` in `hinny.toml` line 3: `Mars` is not a time zone, expected an IANA name such as `Europe/Amsterdam`; hint: write `UTC` or a name from the IANA time zone database");
    insta::assert_snapshot!(Given::file("[plugins.limits]\nrank_ms = 0").refusal(), @"`plugins.limits.rank_ms` is `0` in `hinny.toml` line 2: it is out of range; hint: it takes whole milliseconds, 1 to 86400000");
    insta::assert_snapshot!(Given::file("[log]\nfilter = \"a=b=c\"").refusal(), @r#"`log.filter` is `a=b=c` in `hinny.toml` line 2: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5; hint: write a level such as `info`, or `warn,hinny_queue=debug`"#);
}

#[test]
fn a_key_without_which_an_entry_means_nothing_is_asked_for() {
    insta::assert_snapshot!(Given::file("[[schedulers]]\nranker = \"rank-fifo\"").refusal(), @"`schedulers[0].id` is missing in `hinny.toml` line 1; hint: it takes a text");
    insta::assert_snapshot!(Given::file("[[api.tokens]]\nname = \"ci\"\nsha256 = \"0\"").refusal(), @"`api.tokens[0].role` is missing in `hinny.toml` line 1; hint: it takes `worker`, `producer`, `operator` or `publisher`");
}

#[test]
fn a_token_that_is_not_hashed_is_refused_without_showing_it() {
    let file = "[[api.tokens]]\nname = \"ci\"\nrole = \"worker\"\nsha256 = \"hinny_secret\"";
    insta::assert_snapshot!(Given::file(file).refusal(), @"`api.tokens[0].sha256` is `***` in `hinny.toml` line 4: it is not 64 hex digits; hint: write the line that `hinny token new` printed, not the token itself");
}

#[test]
fn two_tokens_of_one_name_are_refused() {
    let file = concat!(
        "[[api.tokens]]\nname = \"ci\"\nrole = \"worker\"\n",
        "sha256 = \"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\"\n",
        "[[api.tokens]]\nname = \"ci\"\nrole = \"operator\"\n",
        "sha256 = \"c94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\"\n",
    );
    insta::assert_snapshot!(Given::file(file).refusal(), @"`api.tokens[1].name` is `ci` in `hinny.toml` line 6: another token has that name; hint: give each token its own, logs show it");
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_place() {
    insta::assert_snapshot!(Given::file("[api\nlisten = 1").refusal(), @"
    configuration file `hinny.toml` is not TOML: TOML parse error at line 1, column 5
      |
    1 | [api
      |     ^
    unclosed table, expected `]`
    ");
}

#[test]
fn a_named_file_that_is_not_there_is_refused() {
    let sources = Sources { file: Some("no/such/hinny.toml".into()), ..Sources::default() };
    insta::assert_snapshot!(sources.load().unwrap_err(), @"configuration file `no/such/hinny.toml` cannot be read; hint: check the path, it counts from the working directory");
}

#[test]
fn every_value_is_printed_with_its_origin_and_secrets_are_masked() {
    let given = Given {
        file: Some(concat!(
            "[api]\nlisten = \"0.0.0.0:80\"\n",
            "[[api.tokens]]\nname = \"ci\"\nrole = \"producer\"\n",
            "sha256 = \"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\"\n",
            "[[schedulers]]\nid = \"jobs\"\nranker = \"rank-weighted\"\n",
            "[schedulers.ranker_settings]\nweight = 2.5\nlogin = { password = \"hunter2\" }\n",
        )),
        environment: vec![("HINNY_LOG__FORMAT", "json")],
        flags: vec![("stop.drain_seconds", "3")],
    };
    insta::assert_snapshot!(given.printed());
}

#[test]
fn what_is_printed_reads_back_as_the_same_configuration() {
    let given =
        Given::file("[[schedulers]]\nid = \"jobs\"\nranker_settings = { a = [1, 2], b = \"c\" }");
    let loaded = given.load().unwrap();
    let read_back: Config = toml::from_str(&loaded.to_toml()).unwrap();
    assert_eq!(read_back, loaded.config);
}

#[test]
fn a_connector_that_cannot_be_asked_is_refused_without_its_secrets() {
    let refusal = |keys: &str| {
        let file = format!("[[connectors]]\nname = \"store\"\nurl = \"http://a.example\"\n{keys}");
        Given::file(file.leak()).refusal()
    };
    insta::assert_snapshot!(refusal("auth = \"bearer\""), @"`connectors[0].token` is `` in the defaults: it is empty, and `auth` needs it; hint: write it, or choose another `auth`");
    insta::assert_snapshot!(refusal("auth = \"bearer\"\ntoken = \"t\"\npassword = \"hunter2\""), @"`connectors[0].password` is `***` in `hinny.toml` line 6: `auth` has no use for it; hint: leave it out, or choose another `auth`");
    insta::assert_snapshot!(refusal("auth = \"kerberos\""), @"`connectors[0].auth` in `hinny.toml` line 4 cannot be used: it is `kerberos`; hint: it takes `none`, `bearer`, `basic` or `login`");
    insta::assert_snapshot!(refusal("health_path = \"health\""), @"`connectors[0].health_path` is `health` in `hinny.toml` line 4: it does not begin with `/`; hint: write a path below `url`");
    insta::assert_snapshot!(refusal("backoff_ms = 9000"), @"`connectors[0].backoff_ms` is `9000` in `hinny.toml` line 4: it is more than `backoff_max_ms`; hint: lower it, or raise the longest wait");
    insta::assert_snapshot!(refusal("timeout_seconds = 0"), @"`connectors[0].timeout_seconds` is `0` in `hinny.toml` line 4: it is out of range; hint: it takes whole seconds, 1 to 3600");
    insta::assert_snapshot!(refusal("[[connectors]]\nname = \"store\"\nurl = \"http://b.example\""), @"`connectors[1].name` is `store` in `hinny.toml` line 5: another connector has that name; hint: give each connector its own");
    let file = "[[connectors]]\nname = \"a b\"\nurl = \"http://a.example\"";
    insta::assert_snapshot!(Given::file(file).refusal(), @"`connectors[0].name` is `a b` in `hinny.toml` line 2: it is not a name of 1 to 64 letters, digits, `-`, `_` and `.`; hint: choose one such as `store`");
    let file = "[[connectors]]\nname = \"a\"\nurl = \"http://me:hunter2@a.example\"";
    insta::assert_snapshot!(Given::file(file).refusal(), @"`connectors[0].url` is `***` in `hinny.toml` line 3: it has a name or password in it, logs would show them; hint: write one such as `https://store.example/api`");
    insta::assert_snapshot!(Given::file("[[connectors]]\nname = \"a\"").refusal(), @"`connectors[0].url` is missing in `hinny.toml` line 1; hint: it takes a text");
    let file = "[[schedulers]]\nid = \"a\"\nplugin_grants = { connector = [\"moon\"] }";
    insta::assert_snapshot!(Given::file(file).refusal(), @"`schedulers[0].plugin_grants` is `moon` in `hinny.toml` line 3: no connector has that name; hint: add it as `[[connectors]]`");
}

#[test]
fn secrets_of_connectors_are_masked_in_print() {
    let file = "[[connectors]]\nname = \"store\"\nurl = \"http://a.example\"\nauth = \"login\"\nusername = \"ann\"\npassword = \"hunter2\"";
    let printed = Given::file(file).printed();
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("password = \"***\""), "{printed}");
    assert!(printed.contains("token = \"\" "), "what is not set is not masked: {printed}");
}
