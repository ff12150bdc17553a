//! Signatures of plugins: who vouches for a version, and what that is worth here.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, request::Parts},
};
use hinny_core::plugin::{
    InvalidSignature, PluginError, PluginSignature, Signature, SignatureState, SignatureStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    plugins::{VersionBody, VersionPath},
};
use crate::{
    ApiState, Caller,
    body::{self, invalid},
    error::ApiError,
    input::{Input, Place},
    params::InPath,
    wire::{Moment, Text},
};

/// What brings signatures along with a component.
static HEADER: HeaderName = HeaderName::from_static("hinny-signature");

/// Whether a version is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signed {
    /// By nobody.
    Unsigned,
    /// Not by the key that it says.
    Wrong,
    /// By a key that is not trusted here.
    UnknownKey,
    /// By a key that is trusted here, for some slots at least.
    Trusted,
}

/// A signature of a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signature)]
pub(super) struct SignatureBody {
    /// The fingerprint of its key: SHA-256 of the public key in DER.
    #[schema(value_type = String, example = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    key: Text,
    /// What the configuration calls the key; null: it is not trusted here.
    name: Option<String>,
    /// What it is worth here.
    state: Signed,
    /// For which slots the key is trusted; empty: for all.
    slots: Vec<String>,
    /// When it was sent.
    signed_at: Moment,
    /// By whom.
    signed_by: String,
}

/// A signature as it is sent, such as the content of `FILE.sig`.
#[derive(ToSchema)]
#[schema(as = SignatureRequest)]
#[expect(dead_code, reason = "it describes what `Signature::parse` reads")]
struct SignatureSchema {
    /// `hinny-plugin-signature-v1`.
    format: String,
    /// Of which component: its SHA-256.
    digest: String,
    /// The fingerprint of the key: SHA-256 of the public key in DER.
    key: String,
    /// The Ed25519 signature in base64, of the two lines `hinny-plugin-signature-v1` and
    /// `sha256:…`, each with its line break.
    signature: String,
}

impl Signed {
    /// The best of some signatures.
    pub(super) fn best(signatures: &[SignatureStatus]) -> Self {
        signatures.iter().map(|status| status.state.into()).max().unwrap_or(Self::Unsigned)
    }
}

impl From<SignatureState> for Signed {
    fn from(state: SignatureState) -> Self {
        match state {
            SignatureState::Trusted => Self::Trusted,
            SignatureState::UnknownKey => Self::UnknownKey,
            SignatureState::Wrong => Self::Wrong,
        }
    }
}

impl From<SignatureStatus> for SignatureBody {
    fn from(SignatureStatus { kept, key_name, state, slots }: SignatureStatus) -> Self {
        let PluginSignature { signature, at, by } = kept;
        Self {
            key: (&signature.key).into(),
            name: key_name,
            state: state.into(),
            slots: slots.iter().map(ToString::to_string).collect(),
            signed_at: at.into(),
            signed_by: by,
        }
    }
}

/// The signatures in the headers of a request.
pub(super) struct SignatureHeaders(pub(super) Vec<Signature>);

impl FromRequestParts<Arc<ApiState>> for SignatureHeaders {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ApiState>) -> Result<Self, ApiError> {
        let read = |value: &HeaderValue| {
            let place = Place::of("header");
            Signature::parse(value.as_bytes())
                .map_err(|error| refused(&place.field("Hinny-Signature"), &error))
        };
        parts.headers.get_all(&HEADER).iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// A signature as the body of a request.
pub(super) struct SentSignature(Signature);

impl FromRequest<Arc<ApiState>> for SentSignature {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let (max, hint) = (Signature::BYTES_MAX, "send what `FILE.sig` says, and nothing else");
        let bytes = body::read(&api.limits, &parts.headers, body, max, hint).await?;
        Signature::parse(&bytes).map(Self).map_err(|error| refused(&Place::of("body"), &error))
    }
}

fn refused(place: &Place<'_>, error: &InvalidSignature) -> ApiError {
    invalid(place, "value_error", error.to_string(), Input::Text(""))
}

/// Keeps a signature of a version
///
/// One of a key that is trusted here must be right. Others are kept, too: their key may be trusted
/// one day. A second one of the same key takes the place of the first.
#[utoipa::path(
    put, path = "/plugins/{digest}/signatures", tag = "plugins",
    params(("digest" = String, Path, description = "`sha256:` and 64 hex digits")),
    request_body = SignatureSchema,
    responses(
        (status = 200, description = "The version, with its signatures", body = VersionBody),
        (status = 400, description = "It is of another component, or wrong", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such version", body = crate::openapi::ErrorBody),
        (status = 422, description = "It cannot be read", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn sign_plugin(
    State(api): Api,
    InPath(VersionPath(digest)): InPath<VersionPath>,
    Extension(caller): Extension<Caller>,
    SentSignature(signature): SentSignature,
) -> Result<Json<VersionBody>, ApiError> {
    if signature.digest != digest {
        let why = format!("it was sent for `{digest}`; hint: send it to the path of its `digest`");
        let (digest, key) = (signature.digest, signature.key);
        return Err(PluginError::Signature { digest, key, why }.into());
    }
    api.plugins.sign(signature, caller.name.as_ref().to_owned()).await?;
    let versions = api.plugins.versions().await?;
    let found = versions.into_iter().find(|version| version.digest == digest);
    let version = found.ok_or_else(|| PluginError::UnknownVersion(digest.to_string()))?;
    Ok(Json(VersionBody::new(version, api.plugins.signatures(Some(&digest)).await?)))
}
