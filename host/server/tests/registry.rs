//! Plugins in a registry of OCI artifacts: a real one, and ones that lie.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test does not expect ends it")]
#![expect(clippy::disallowed_methods, reason = "where the registry is, is in the environment")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The registry, as `host:port`.
fn registry() -> String {
    let url = std::env::var("HINNY_TEST_REGISTRY_URL").unwrap_or_else(|_| {
        panic!("HINNY_TEST_REGISTRY_URL is not set; hint: run the tests with `cargo xtask test`, it starts a registry")
    });
    url.split_once("://").map_or(&*url, |(_, place)| place).trim_end_matches('/').to_owned()
}

/// A place in it that no other test has, without a tag.
fn repository() -> String {
    format!("oci://{}/hinny/{}", registry(), uuid::Uuid::now_v7().simple())
}

fn dist() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/plugins/rank-fifo.wasm")
}

/// A folder with a plugin in it.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::copy(dist(), place.path().join("rank.wasm")).unwrap();
    place
}

/// Runs `hinny plugin` in a folder: exit code, output, and what it complained of.
fn plugin(place: &TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.current_dir(place.path()).arg("plugin").args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HINNY_") {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The same, when it is to succeed: what it printed.
fn done(place: &TempDir, arguments: &[&str]) -> String {
    let (code, said, complaint) = plugin(place, arguments);
    assert_eq!(code, Some(0), "{complaint}");
    said
}

/// The same, when it is to fail: what it complained of.
fn failed(place: &TempDir, arguments: &[&str]) -> String {
    let (code, said, complaint) = plugin(place, arguments);
    assert_ne!(code, Some(0), "{said}");
    complaint
}

/// The place by digest, which is the last line.
fn pinned(said: &str) -> String {
    said.lines().last().unwrap().to_owned()
}

fn bytes(place: &TempDir, name: &str) -> Vec<u8> {
    fs::read(place.path().join(name)).unwrap()
}

#[test]
fn a_plugin_comes_back_with_its_signature_by_tag_and_by_digest() {
    let (place, tag) = (place(), repository() + ":1.0");
    done(&place, &["keygen", "release"]);
    done(&place, &["sign", "rank.wasm", "--key", "release.key.pem"]);
    let pushed = done(&place, &["push", &tag, "rank.wasm"]);
    assert!(pushed.starts_with("pushed `rank.wasm` (sha256:"), "{pushed}");
    let by_digest = pinned(&pushed);
    for from in [&tag, &by_digest] {
        let pulled = done(&place, &["pull", from, "-o", "back.wasm"]);
        assert_eq!(pinned(&pulled), by_digest);
        assert_eq!(bytes(&place, "back.wasm"), bytes(&place, "rank.wasm"));
        assert_eq!(bytes(&place, "back.wasm.sig"), bytes(&place, "rank.wasm.sig"));
        done(&place, &["verify", "back.wasm", "--key", "release.pub.pem"]);
    }
    // The same file is the same artifact.
    assert_eq!(pinned(&done(&place, &["push", &tag, "rank.wasm"])), by_digest);
}

#[test]
fn an_unsigned_plugin_leaves_no_signature_of_another() {
    let (place, tag) = (place(), repository() + ":1.0");
    done(&place, &["push", &tag, "rank.wasm"]);
    fs::write(place.path().join("back.wasm.sig"), "of something else").unwrap();
    let pulled = done(&place, &["pull", &tag, "-o", "back.wasm"]);
    assert!(pulled.contains("not signed"), "{pulled}");
    assert!(!place.path().join("back.wasm.sig").exists());
}

#[test]
fn the_artifact_has_the_layout_that_others_read() {
    let (place, repository) = (place(), repository());
    let by_digest = pinned(&done(&place, &["push", &format!("{repository}:1.0"), "rank.wasm"]));
    let (_, digest) = by_digest.split_once('@').unwrap();
    let path = repository.strip_prefix(&format!("oci://{}/", registry())).unwrap();
    let ask = |what: &str, digest: &str, kind: &str| -> serde_json::Value {
        let url = format!("http://{}/v2/{path}/{what}/{digest}", registry());
        let mut answer = ureq::get(url).header("accept", kind).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    };
    let manifest = ask("manifests", digest, "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    let layer = &manifest["layers"][0];
    assert_eq!(layer["mediaType"], "application/wasm");
    assert_eq!(layer["digest"], digest_of(&bytes(&place, "rank.wasm")));
    let config = ask("blobs", manifest["config"]["digest"].as_str().unwrap(), "*/*");
    assert_eq!((&config["architecture"], &config["os"]), (&"wasm".into(), &"wasip2".into()));
    assert_eq!(config["layerDigests"][0], layer["digest"]);
    let exports = config["component"]["exports"].as_array().unwrap();
    assert!(exports.iter().any(|name| name.as_str().unwrap().starts_with("hinny:plugin/ranker@")));
}

#[test]
fn what_cannot_be_pushed_is_said() {
    let (place, tag) = (place(), repository() + ":1.0");
    fs::write(place.path().join("text.wasm"), "no component").unwrap();
    let refused = failed(&place, &["push", &tag, "text.wasm"]);
    assert!(
        refused.contains("it is not a plugin: it does not begin like WebAssembly"),
        "{refused}"
    );
    let digest = format!("{}@{}", repository(), digest_of(b""));
    let refused = failed(&place, &["push", &digest, "rank.wasm"]);
    assert!(refused.contains("push to a tag"), "{refused}");
    done(&place, &["keygen", "release"]);
    done(&place, &["sign", "rank.wasm", "--key", "release.key.pem"]);
    fs::write(place.path().join("rank.wasm"), "changed since").unwrap();
    let refused = failed(&place, &["push", &tag, "rank.wasm"]);
    assert!(refused.contains("is of another component"), "{refused}");
    let refused = failed(&place, &["pull", &tag, "-o", "back.wasm"]);
    assert!(refused.contains("cannot be pulled"), "{refused}");
    assert!(!place.path().join("back.wasm").exists());
}

fn digest_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A registry that answers every manifest with one text, and every blob with another.
fn liar(manifest: String, blob: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(stream.unwrap(), manifest.as_bytes(), &blob);
        }
    });
    address
}

fn answer(mut stream: TcpStream, manifest: &[u8], blob: &[u8]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    let body = if asked.contains("/manifests/") { manifest } else { blob };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.oci.image.manifest.v1+json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

/// A manifest with one layer.
fn manifest(kind: &str, digest: &str, size: usize, annotations: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{{"mediaType":"application/vnd.wasm.config.v0+json","digest":"{digest}","size":1}},
        "layers":[{{"mediaType":"{kind}","digest":"{digest}","size":{size}}}],
        "annotations":{{{annotations}}}}}"#
    )
}

#[test]
fn a_registry_that_lies_is_not_believed() {
    let place = place();
    let (good, evil) = (b"good".to_vec(), b"evil".to_vec());
    let wasm = "application/wasm";
    let of =
        |text: &str, blob: &[u8]| format!("oci://{}/rank", liar(text.to_owned(), blob.to_vec()));
    let honest = manifest(wasm, &digest_of(&good), 4, "");
    let other_signature = format!(
        r#""hinny.plugin.signature":"{{\"format\":\"hinny-plugin-signature-v1\",\"digest\":\"{0}\",\"key\":\"{0}\",\"signature\":\"{1}\"}}""#,
        digest_of(&evil),
        "A".repeat(86) + "=="
    );
    for (from, expected) in [
        (of(&honest, &good) + "@" + &digest_of(b"other"), "igest"),
        (of(&honest, &evil) + ":1", "igest"),
        (of(&honest, b"good and more") + ":1", "more than the 4 bytes"),
        (of(&manifest(wasm, &digest_of(&good), 1 << 40, ""), &good) + ":1", "the limit is"),
        (
            of(&manifest("application/x-tar", &digest_of(&good), 4, ""), &good) + ":1",
            "is of type `application/x-tar`",
        ),
        (
            of(&manifest(wasm, &digest_of(&good), 4, &other_signature), &good) + ":1",
            "is of another component",
        ),
        (of("[]", &good) + ":1", "is not a manifest"),
    ] {
        let refused = failed(&place, &["pull", &from, "-o", "back.wasm"]);
        assert!(refused.contains(expected), "{from}: {refused}");
        assert!(!place.path().join("back.wasm").exists(), "{from}");
    }
    done(&place, &["pull", &(of(&honest, &good) + ":1"), "-o", "back.wasm"]);
    assert_eq!(bytes(&place, "back.wasm"), good);
}
