//! The binary, as a person or a script meets it: what it prints, and its exit codes.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    thread::{self, JoinHandle},
};

/// Runs `hinny` in an empty folder, with nothing of hinny's in the environment.
fn hinny(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.current_dir(folder).args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HINNY_") {
            command.env_remove(name);
        }
    }
    command.output().expect("the binary was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("hinny prints UTF-8")
}

fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = hinny(folder.path(), arguments);
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    let (code, said) = refusal(&["task", "cancel"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = refusal(&["task", "cancel", "--scheduler", "jobs"]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(said, @"error: name the tasks with --where or --filter, or all of them with --all");
    let (code, said) = refusal(&["serve", "--set", "drain=5"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn a_host_that_does_not_answer_is_named_with_what_to_do() {
    // Port 9 of this machine: nothing listens there.
    let (code, said) = refusal(&["queue", "list", "--url", "http://127.0.0.1:9"]);
    assert_eq!(code, Some(1));
    let first_and_last: Vec<_> = said.lines().filter(|line| !line.starts_with("  cause")).collect();
    insta::assert_snapshot!(first_and_last.join("\n"), @"
    error: no hinny answers at http://127.0.0.1:9/
      hint: start one with `hinny serve`, or name another with --url or HINNY_URL
    ");
}

#[test]
fn a_plugin_is_pushed_to_a_host_or_to_a_registry_and_nowhere_else() {
    let (code, said) = refusal(&["plugin", "push", "127.0.0.1:9", "rank.wasm"]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(said, @"
    error: invalid value '127.0.0.1:9' for '<PLACE>': expected `http://HOST:PORT` (or `https://…`) for a host, or `oci://REGISTRY/REPOSITORY:TAG` for a registry

    For more information, try '--help'.
    ");
}

#[test]
fn an_option_of_another_kind_of_place_is_refused() {
    let (host, registry) = ("http://127.0.0.1:9", "oci://127.0.0.1:9/rank:1");
    for (place, option) in [
        (host, &["--username", "ann"][..]),
        (host, &["--password", "w"]),
        (host, &["--plain-http"]),
        (registry, &["--token", "t"]),
        (registry, &["-o", "table"]),
    ] {
        let push = ["plugin", "push", place, "rank.wasm"];
        let (code, said) = refusal(&[&push, option].concat());
        assert_eq!(code, Some(2), "{option:?}: {said}");
        let option = option[0].replace("-o", "--output");
        assert!(said.starts_with(&format!("error: `{option}` is for a ")), "{said}");
    }
    let (_, said) = refusal(&["plugin", "push", host, "rank.wasm", "--plain-http"]);
    insta::assert_snapshot!(said, @"
    error: `--plain-http` is for a registry, and the place is a host
      hint: leave it out, or name a registry as PLACE
    ");
}

#[test]
fn a_start_that_would_hand_the_host_to_strangers_is_refused() {
    let (code, said) = refusal(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(said, @r#"
    error: refusing to listen on 0.0.0.0:0: others can reach this address, and without tokens each of them could push, pop and replace plugins
      hint: listen on 127.0.0.1, or make a token with `hinny token new NAME --role operator` and add what it prints to the configuration, or, on a private network, set `api.access = "open"`
    "#);
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("hinny.toml"),
        "[api]\nlisten = \"127.0.0.1:0\"\nport = 80\n",
    )
    .unwrap();
    let output = hinny(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stderr), @"
    error: unknown key `api.port` in `hinny.toml` line 3
      hint: what is known here: listen, access, tokens, body_bytes_max, batch_bytes_max, body_seconds_max, push_batch_max, event_batch_max, page_max, connections_max, info_labels, pop_wait_seconds_max
    ");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn flags_win_over_the_file_in_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hinny.toml"), "[stop]\ndrain_seconds = 1\n").unwrap();
    let output = hinny(folder.path(), &["config"]);
    assert!(text(&output.stdout).contains("drain_seconds = 1  # hinny.toml:2"));
    let output = hinny(folder.path(), &["config", "--set", "stop.drain_seconds=2"]);
    assert!(text(&output.stdout).contains("drain_seconds = 2  # --set stop.drain_seconds"));
}

#[test]
fn a_new_token_fits_into_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let first = hinny(folder.path(), &["token", "new", "ci", "--role", "producer"]);
    let second = hinny(folder.path(), &["token", "new", "ci", "--role", "producer"]);
    assert_ne!(first.stdout, second.stdout);
    let told = text(&first.stderr);
    let token = told.lines().last().unwrap();
    assert!(token.starts_with("hinny_") && !text(&first.stdout).contains(token), "{told}");
    std::fs::write(folder.path().join("hinny.toml"), &first.stdout).unwrap();
    let output = hinny(folder.path(), &["config"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("role = \"producer\""));
}

#[test]
fn the_doctor_finds_a_usable_folder_healthy_and_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let output = hinny(folder.path(), &["doctor"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("will be made by the first start"));
    let output = hinny(folder.path(), &["doctor", "--database", "sqlite:no/such/folder.db"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("FAIL  database"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_doctor_reads_each_key_whose_signatures_count() {
    const GOOD: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA0SZgIaQofzplTkJKgm5Uvzj0mIjRtW2uN9saiTluGwg=\n-----END PUBLIC KEY-----\n";
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let looked = |keys: &[(&str, &str, &str)]| {
        let entry = |(name, key, slots): &(&str, &str, &str)| {
            format!(
                "[[plugins.trusted_keys]]\nname = \"{name}\"\nkey = \"\"\"{key}\"\"\"\nslots = [{slots}]\n"
            )
        };
        let keys: String = keys.iter().map(entry).collect();
        let config = format!("[[schedulers]]\nid = \"jobs\"\n{keys}");
        std::fs::write(folder.join("hinny.toml"), config).unwrap();
        let output = hinny(folder, &["doctor"]);
        // Each finding begins at the left, and its hint is below it.
        let said = text(&output.stdout).replace("\n      ", " | ");
        let of_keys: Vec<_> = said.lines().filter(|line| line.contains("  key  ")).collect();
        (output.status.code(), of_keys.join("\n").replace(" | ", "\n      "))
    };
    assert_eq!(looked(&[]), (Some(0), String::new()));

    std::fs::write(folder.join("good.pub.pem"), GOOD).unwrap();
    let (code, said) =
        looked(&[("release", "good.pub.pem", "\"jobs/ranker\", \"jobs/scheduler\"")]);
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @"ok    key         `release` (sha256:7e8e2415820f2670954820e89dbca3c5c2ae7a23b5c2ac67c8cdd2173eaeca23) signs for `jobs/ranker`, `jobs/scheduler`");

    std::fs::write(folder.join("secret.pem"), GOOD.replace("PUBLIC", "PRIVATE")).unwrap();
    std::fs::write(folder.join("text.pem"), "ssh-ed25519 AAAA").unwrap();
    let (code, said) = looked(&[
        ("gone", "no/such.pem", ""),
        ("folder", ".", ""),
        ("text", "text.pem", ""),
        ("secret", "secret.pem", ""),
        ("pasted", &GOOD.replace("PUBLIC", "PRIVATE"), ""),
        ("release", GOOD, ""),
        ("again", "good.pub.pem", ""),
    ]);
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said, @"
    FAIL  key         `gone`: `plugins.trusted_keys[0].key` is `no/such.pem`: the file cannot be read: No such file or directory (os error 2)
          hint: write the public key in PEM, or a file with it; relative paths count from the working directory
    FAIL  key         `folder`: `plugins.trusted_keys[1].key` is `.`: the file cannot be read: Is a directory (os error 21)
          hint: write the public key in PEM, or a file with it; relative paths count from the working directory
    FAIL  key         `text`: `plugins.trusted_keys[2].key` is `text.pem`: there is no public key in PEM in it
          hint: it begins with `-----BEGIN PUBLIC KEY-----`, `openssl pkey -in KEY -pubout` writes it
    FAIL  key         `secret`: `plugins.trusted_keys[3].key` is `secret.pem`: it is a secret key, where the public one belongs
          hint: `openssl pkey -in KEY -pubout` writes that; keep the secret one where plugins are signed, and nowhere else
    FAIL  key         `pasted`: `plugins.trusted_keys[4].key` is `***`: it is a secret key, where the public one belongs
          hint: `openssl pkey -in KEY -pubout` writes that; keep the secret one where plugins are signed, and nowhere else
    ok    key         `release` (sha256:7e8e2415820f2670954820e89dbca3c5c2ae7a23b5c2ac67c8cdd2173eaeca23) signs for all slots
    FAIL  key         `again`: `plugins.trusted_keys[6].key` is `sha256:7e8e2415820f2670954820e89dbca3c5c2ae7a23b5c2ac67c8cdd2173eaeca23`: the key is there twice
          hint: write it once, with the slots of both
    ");
}

/// A host that answers one request with a text, and how it says that a replay is exact.
fn answering(exact: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let answer = move || {
        let (mut stream, _) = listener.accept().expect("the command asks");
        let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
        let asked = lines.next().expect("a request").expect("in UTF-8");
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
        let head = format!("HTTP/1.1 200 OK\r\n{exact}content-length: 4\r\nconnection: close\r\n");
        stream.write_all(format!("{head}\r\nsaid").as_bytes()).expect("the command listens");
        asked
    };
    (url, thread::spawn(answer))
}

#[test]
fn a_replay_that_is_not_exact_ends_with_1_after_it_was_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (exact, expected) in [("hinny-exact: true\r\n", 0), ("", 0), ("hinny-exact: false\r\n", 1)]
    {
        let (url, host) = answering(exact);
        let arguments = ["plugin", "replay", "active", "--scheduler", "jobs", "--url", &url];
        let output = hinny(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(expected), "{exact}{}", text(&output.stderr));
        assert_eq!((&*text(&output.stdout), &*text(&output.stderr)), ("said\n", ""));
        let asked = host.join().expect("it was asked");
        assert_eq!(asked, "POST /plugins/replay?scheduler_id=jobs&movers=10 HTTP/1.1");
    }
}

#[test]
fn what_a_new_key_signs_is_verified_and_nothing_else() {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = place.path();
    let ends = |arguments: &[&str], code: i32| {
        let output = hinny(folder, arguments);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        text(&output.stdout) + &text(&output.stderr)
    };
    let made = hinny(folder, &["plugin", "keygen", "release"]);
    std::fs::write(folder.join("hinny.toml"), &made.stdout).unwrap();
    std::fs::write(folder.join("rank.wasm"), "a component").unwrap();
    assert_eq!(ends(&["plugin", "verify", "rank.wasm"], 1), "not signed\n");
    let signed = ends(&["plugin", "sign", "rank.wasm", "--key", "release.key.pem"], 0);
    assert!(signed.starts_with("signed `rank.wasm` (sha256:"), "{signed}");
    let by_configuration = ends(&["plugin", "verify", "rank.wasm"], 0);
    assert!(by_configuration.starts_with("signed by key `release` (sha256:"), "{by_configuration}");
    ends(&["plugin", "verify", "rank.wasm", "--key", "release.pub.pem"], 0);
    ends(&["plugin", "keygen", "other"], 0);
    let stranger = ends(&["plugin", "verify", "rank.wasm", "--key", "other.pub.pem"], 1);
    assert!(stranger.ends_with(", which is not trusted here\n"), "{stranger}");
    std::fs::write(folder.join("rank.wasm"), "another component").unwrap();
    let wrong = ends(&["plugin", "verify", "rank.wasm"], 1);
    assert!(wrong.starts_with("wrong: ") && wrong.ends_with("is not of this file\n"), "{wrong}");
    let again = ends(&["plugin", "keygen", "release"], 1);
    assert!(again.contains("keys are never overwritten"), "{again}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.join("release.key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_public_key_does_not_sign_and_no_key_verifies_nothing() {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    hinny(place.path(), &["plugin", "keygen", "release"]);
    std::fs::write(place.path().join("rank.wasm"), "a component").unwrap();
    let output = hinny(place.path(), &["plugin", "sign", "rank.wasm", "--key", "release.pub.pem"]);
    insta::assert_snapshot!(text(&output.stderr), @"
    error: `release.pub.pem` is not a key that can be used
      cause: there is no unencrypted secret key in PEM in it
      hint: it begins with `-----BEGIN PRIVATE KEY-----`, `hinny plugin keygen` or `openssl genpkey -algorithm ed25519` writes one
    ");
    let output = hinny(place.path(), &["plugin", "verify", "rank.wasm"]);
    insta::assert_snapshot!(text(&output.stderr), @"
    error: there is no key to trust
      hint: name one with --key, or a configuration with `[[plugins.trusted_keys]]` with --config
    ");
}
