//! Registries of OCI artifacts: plugins in the layout that tools for WebAssembly share.
//!
//! A manifest has one layer, `application/wasm`, and a configuration that says what is in it. The
//! signature goes into an annotation of the manifest, so that others find just the layer that they
//! expect. What comes from a registry is believed as far as its digests go.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use futures::StreamExt as _;
use hinny_core::{PluginDigest, Timestamp, plugin::Signature};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest},
    secrets::RegistryAuth,
};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::failure::Usage;

/// What a place in a registry begins with.
const SCHEME: &str = "oci://";

/// The kind of the configuration, and with it of the artifact.
const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// The kind of the layer.
const LAYER_TYPE: &str = "application/wasm";

/// The annotation with the signature: what `FILE.sig` says.
const SIGNATURE: &str = "hinny.plugin.signature";

/// Largest manifest that is read, in bytes: what registries take, too.
const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// What is most often wrong.
const HINT: &str = "; hint: check name and tag; a registry that asks who you are takes --username and HINNY_REGISTRY_PASSWORD";

/// Longest wait for the next bytes.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// A place in a registry: `oci://registry/repository:tag` or `…@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OciRef(Reference);

impl FromStr for OciRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            "expected `oci://REGISTRY/REPOSITORY:TAG`, or `@sha256:…` instead of the tag";
        let named = text.strip_prefix(SCHEME).ok_or_else(|| expected.to_owned())?;
        named.parse().map(Self).map_err(|error| format!("{error}; {expected}"))
    }
}

impl fmt::Display for OciRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

impl OciRef {
    /// The same place, by the digest of its manifest.
    pub(crate) fn pinned(&self, manifest: &PluginDigest) -> Self {
        Self(self.0.clone_with_digest(manifest.to_string()))
    }

    /// Whether it is on this machine, where nobody listens in between.
    fn is_here(&self) -> bool {
        let host = self.0.resolve_registry();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// Who asks a registry, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArgs {
    /// User, where the registry asks for one
    #[arg(long, value_name = "NAME", env = "HINNY_REGISTRY_USERNAME")]
    username: Option<String>,
    /// Password or token of the user
    #[arg(long, env = "HINNY_REGISTRY_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Without TLS, as registries on this machine are asked anyway
    #[arg(long)]
    plain_http: bool,
}

/// A connection to a registry.
pub(crate) struct Registry {
    client: Client,
    auth: RegistryAuth,
    place: OciRef,
}

/// A plugin that goes to a registry.
pub(crate) struct Artifact {
    pub(crate) component: Vec<u8>,
    pub(crate) signature: Option<Signature>,
    /// What it is called there.
    pub(crate) title: String,
    /// When its file was written: the same file gets the same digest.
    pub(crate) created: Timestamp,
}

/// A plugin that came from a registry.
#[derive(Debug)]
pub(crate) struct Pulled {
    /// The digest of its manifest.
    pub(crate) manifest: PluginDigest,
    pub(crate) component: Vec<u8>,
    pub(crate) signature: Option<Signature>,
}

impl RegistryArgs {
    /// A connection to the registry of a place.
    pub(crate) fn connect(&self, place: OciRef) -> anyhow::Result<Registry> {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let auth = match (&self.username, &self.password) {
            (None, None) => RegistryAuth::Anonymous,
            (Some(user), Some(password)) => RegistryAuth::Basic(user.clone(), password.clone()),
            (Some(_), None) => {
                let said = "a user needs a password: set HINNY_REGISTRY_PASSWORD or --password";
                return Err(Usage(said.to_owned()).into());
            }
            (None, Some(_)) => {
                let said = "a password needs a user: set HINNY_REGISTRY_USERNAME or --username";
                return Err(Usage(said.to_owned()).into());
            }
        };
        let plain = self.plain_http || place.is_here();
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(Duration::from_secs(5)),
            read_timeout: Some(SILENCE_MAX),
            user_agent: concat!("hinny/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client =
            Client::try_from(config).context("the client of registries cannot be set up")?;
        Ok(Registry { client, auth, place })
    }
}

impl Registry {
    /// Sends a plugin; the answer is the digest of its manifest.
    pub(crate) async fn push(&self, artifact: Artifact) -> anyhow::Result<PluginDigest> {
        let image = &self.place.0;
        if image.digest().is_some() {
            let said =
                format!("`{}` names a digest; push to a tag, the digest comes of it", self.place);
            return Err(Usage(said).into());
        }
        let config = serde_json::to_vec(&config(&artifact)?)?;
        let manifest = serde_json::to_vec(&manifest(&artifact, &config))?;
        let failed = || format!("the registry does not take `{}`{HINT}", self.place);
        self.client.store_auth_if_needed(image.resolve_registry(), &self.auth).await;
        for blob in [artifact.component, config] {
            let digest = hinny_plugins::digest(&blob).to_string();
            self.client.push_blob(image, blob, &digest).await.with_context(failed)?;
        }
        let digest = hinny_plugins::digest(&manifest);
        let kind = HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
        self.client.push_manifest_raw(image, manifest, kind).await.with_context(failed)?;
        Ok(digest)
    }

    /// Fetches a plugin of `bytes_max` bytes at most.
    pub(crate) async fn pull(&self, bytes_max: usize) -> anyhow::Result<Pulled> {
        let (place, image) = (&self.place, &self.place.0);
        let failed = || format!("`{place}` cannot be pulled{HINT}");
        let kinds = [OCI_IMAGE_MEDIA_TYPE];
        let asked = self.client.pull_manifest_raw(image, &self.auth, &kinds).await;
        let (text, _) = asked.with_context(failed)?;
        if text.len() > MANIFEST_BYTES_MAX {
            bail!(
                "the manifest of `{place}` has {} bytes, at most {MANIFEST_BYTES_MAX} are read",
                text.len()
            );
        }
        let digest = hinny_plugins::digest(&text);
        // The client looks at it, too. It is what pulling by digest is for.
        if image.digest().is_some_and(|wanted| wanted != digest.to_string()) {
            bail!(
                "the registry answers for `{place}` with a manifest of digest {digest}; hint: do not use this registry"
            );
        }
        let manifest: OciImageManifest = serde_json::from_slice(&text)
            .with_context(|| format!("`{place}` is not a manifest of an artifact"))?;
        let component = self.layer(&manifest, bytes_max).await.with_context(failed)?;
        let signature = manifest.annotations.as_ref().and_then(|notes| notes.get(SIGNATURE));
        let signature = signature
            .map(|text| Signature::parse(text.as_bytes()))
            .transpose()
            .with_context(|| format!("the annotation `{SIGNATURE}` of `{place}` cannot be read"))?;
        if let Some(other) = signature.filter(|it| it.digest != hinny_plugins::digest(&component)) {
            bail!(
                "the signature in `{place}` is of another component, {}; hint: push it once more",
                other.digest
            );
        }
        Ok(Pulled { manifest: digest, component, signature })
    }

    async fn layer(
        &self,
        manifest: &OciImageManifest,
        bytes_max: usize,
    ) -> anyhow::Result<Vec<u8>> {
        let [layer] = manifest.layers.as_slice() else {
            bail!("it has {} layers, a plugin has one", manifest.layers.len());
        };
        if layer.media_type != LAYER_TYPE {
            let kind = layer.media_type.escape_default();
            bail!("its layer is of type `{kind}`, that of a plugin is `{LAYER_TYPE}`");
        }
        let wanted: PluginDigest =
            layer.digest.parse().context("the digest of its layer is odd")?;
        let size = usize::try_from(layer.size).unwrap_or(usize::MAX);
        if size > bytes_max {
            bail!(
                "its component has {size} bytes, the limit is {bytes_max}; hint: raise `plugins.limits.component_mb` (--config)"
            );
        }
        let mut stream = self.client.pull_blob_stream(&self.place.0, layer).await?.stream;
        let mut component = Vec::with_capacity(size);
        while let Some(bytes) = stream.next().await {
            component.extend_from_slice(&bytes?);
            if component.len() > size {
                bail!("the registry sends more than the {size} bytes that the manifest announces");
            }
        }
        let got = hinny_plugins::digest(&component);
        if got != wanted {
            bail!(
                "the registry sends a component of digest {got}, the manifest says {wanted}; hint: do not use this registry"
            );
        }
        Ok(component)
    }
}

/// What is said of a component.
fn config(artifact: &Artifact) -> anyhow::Result<Value> {
    let interfaces = hinny_plugins::interfaces(&artifact.component)
        .map_err(|why| anyhow::anyhow!("it is not a plugin: {why}"))?;
    Ok(json!({
        "created": artifact.created.to_string(),
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [hinny_plugins::digest(&artifact.component).to_string()],
        "component": { "exports": interfaces.exports, "imports": interfaces.imports },
    }))
}

fn manifest(artifact: &Artifact, config: &[u8]) -> OciImageManifest {
    let descriptor = |kind: &str, bytes: &[u8]| OciDescriptor {
        media_type: kind.to_owned(),
        digest: hinny_plugins::digest(bytes).to_string(),
        size: bytes.len() as i64,
        ..OciDescriptor::default()
    };
    let title = ("org.opencontainers.image.title".to_owned(), artifact.title.clone());
    let signature = artifact.signature.map(|it| (SIGNATURE.to_owned(), it.to_string()));
    OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(CONFIG_TYPE, config),
        layers: vec![descriptor(LAYER_TYPE, &artifact.component)],
        annotations: Some([title].into_iter().chain(signature).collect()),
        ..OciImageManifest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> OciRef {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_read_and_written_back() {
        for text in ["oci://127.0.0.1:5000/team/rank:1.0", "oci://registry.example/team/rank:1.0"] {
            assert_eq!(place(text).to_string(), text);
        }
        let pinned = place("oci://registry.example/team/rank:1.0").pinned(&PluginDigest([7; 32]));
        assert_eq!(
            pinned.to_string(),
            format!("oci://registry.example/team/rank@sha256:{}", "07".repeat(32))
        );
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_is_expected() {
        for text in
            ["rank.wasm", "http://registry.example/x", "oci://registry.example/UPPER", "oci://"]
        {
            let refused = text.parse::<OciRef>().unwrap_err();
            assert!(refused.contains("expected `oci://REGISTRY/REPOSITORY:TAG`"), "{refused}");
        }
    }

    #[test]
    fn only_a_registry_on_this_machine_is_asked_without_tls() {
        for here in ["oci://localhost:5000/x", "oci://127.0.0.1:5000/x", "oci://localhost/x"] {
            assert!(place(here).is_here(), "{here}");
        }
        for away in
            ["oci://registry.example/x", "oci://localhost.evil.org/x", "oci://10.0.0.1:5000/x"]
        {
            assert!(!place(away).is_here(), "{away}");
        }
    }
}
