//! Versions of plugins.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::StatusCode,
};
use hinny_core::{
    PluginDigest,
    plugin::{Check, PluginError, PluginVersion, SignatureStatus, Upload, Verdict, World},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    signatures::{SignatureBody, SignatureHeaders, Signed},
};
use crate::{
    ApiState, Caller,
    body::{self, invalid},
    error::ApiError,
    input::{Fields, FromFields, Input, Noted, Place},
    params::InPath,
    wire::{Moment, Text},
};

const TOO_LARGE: &str =
    "strip debug sections (`wasm-tools strip`), or raise `component_mb` of `[plugins.limits]`";

/// A version of a plugin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginVersion)]
pub(super) struct VersionBody {
    /// Identity: SHA-256 of the component.
    #[schema(value_type = String, example = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    digest: Text,
    /// Its name, by its own word.
    name: String,
    /// Its version, by its own word.
    version: String,
    /// What it decides.
    #[schema(value_type = WorldSchema)]
    world: World,
    /// Size of the component, in bytes.
    size: u64,
    /// What verification found.
    verdict: VerdictBody,
    /// When it was uploaded.
    uploaded_at: Moment,
    /// By whom.
    uploaded_by: String,
    /// Whether it is signed, by the best of its signatures.
    signature: Signed,
    /// Its signatures, in the order in which they came.
    signatures: Vec<SignatureBody>,
}

/// What a plugin decides.
#[derive(ToSchema)]
#[schema(as = World, rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `World` is written as")]
pub(super) enum WorldSchema {
    /// What goes first.
    Ranker,
    /// Which tasks to make.
    Scheduler,
}

/// What verification found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub(super) struct VerdictBody {
    /// Whether the version may be activated.
    accepted: bool,
    /// Each check, in the order in which they were made; the last one may have failed.
    checks: Vec<CheckBody>,
    /// The interfaces it imports: all that it can do beside computing.
    imports: Vec<String>,
    /// Milliseconds that verification took.
    took_ms: u64,
}

/// A check of verification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
struct CheckBody {
    /// Which: a stable label.
    name: String,
    /// Whether it passed.
    passed: bool,
    /// What was found; when it did not pass: what, where, how to mend it.
    detail: String,
}

/// A plugin that was refused.
#[derive(ToSchema)]
#[schema(as = RefusedPlugin)]
#[expect(dead_code, reason = "it describes what `ApiError::Refused` is written as")]
struct RefusedBody {
    /// Which check it failed, and why.
    detail: String,
    /// All checks.
    verdict: VerdictBody,
}

impl VersionBody {
    pub(super) fn new(version: PluginVersion, signatures: Vec<SignatureStatus>) -> Self {
        Self {
            signature: Signed::best(&signatures),
            signatures: signatures.into_iter().map(Into::into).collect(),
            digest: (&version.digest).into(),
            name: version.name,
            version: version.version,
            world: version.world,
            size: version.size,
            verdict: version.verdict.into(),
            uploaded_at: version.uploaded_at.into(),
            uploaded_by: version.uploaded_by,
        }
    }
}

impl From<Verdict> for VerdictBody {
    fn from(Verdict { accepted, checks, imports, took_ms }: Verdict) -> Self {
        let checks = checks.into_iter().map(Into::into).collect();
        Self { accepted, checks, imports, took_ms }
    }
}

impl From<Check> for CheckBody {
    fn from(Check { name, passed, detail }: Check) -> Self {
        Self { name, passed, detail }
    }
}

/// A component, as bytes. Its content type is not looked at: the first check of verification says
/// more about what it is.
pub(super) struct Component(Bytes);

impl FromRequest<Arc<ApiState>> for Component {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let MaybeComponent(bytes) = MaybeComponent::from_request(request, api).await?;
        bytes.map(Self).ok_or_else(|| {
            let msg = "send the bytes of a component, such as with `curl --data-binary @FILE`";
            invalid(&Place::of("body"), "missing", msg, Input::Text(""))
        })
    }
}

/// The same where none has to be sent.
pub(super) struct MaybeComponent(pub(super) Option<Bytes>);

impl FromRequest<Arc<ApiState>> for MaybeComponent {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let max = api.limits.plugin_bytes_max;
        let bytes = body::read(&api.limits, &parts.headers, body, max, TOO_LARGE).await?;
        Ok(Self(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }
}

/// A version in the path.
#[derive(Debug)]
pub(super) struct VersionPath(pub(super) PluginDigest);

impl FromFields for VersionPath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("digest")?))
    }
}

/// All versions, newest first
#[utoipa::path(
    get, path = "/plugins", tag = "plugins",
    responses((status = 200, description = "The versions", body = [VersionBody]))
)]
pub(super) async fn list_plugins(State(api): Api) -> Result<Json<Vec<VersionBody>>, ApiError> {
    let (versions, mut signatures) =
        (api.plugins.versions().await?, api.plugins.signatures(None).await?);
    let body = |version: PluginVersion| {
        let of_it =
            signatures.extract_if(.., |status| status.kept.signature.digest == version.digest);
        let of_it = of_it.collect();
        VersionBody::new(version, of_it)
    };
    Ok(Json(versions.into_iter().map(body).collect()))
}

/// Verifies a plugin, and keeps it when it passes
#[utoipa::path(
    post, path = "/plugins", tag = "plugins",
    params(("Hinny-Signature" = Option<String>, Header, description = "A signature of it: what `FILE.sig` says, in one line. May be sent several times")),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 201, description = "It is kept, and may be activated where it is trusted", body = VersionBody),
        (status = 400, description = "A signature is not of it, or wrong", body = crate::openapi::ErrorBody),
        (status = 422, description = "It failed a check", body = RefusedBody),
        (status = 429, description = "Too many are being verified", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn upload_plugin(
    State(api): Api,
    Extension(caller): Extension<Caller>,
    SignatureHeaders(signatures): SignatureHeaders,
    Component(bytes): Component,
) -> Result<(StatusCode, Json<VersionBody>), ApiError> {
    let (component, by) = (bytes.into(), caller.name.as_ref().to_owned());
    let version = api.plugins.upload(Upload { component, signatures, by }).await?;
    let signatures = api.plugins.signatures(Some(&version.digest)).await?;
    Ok((StatusCode::CREATED, Json(VersionBody::new(version, signatures))))
}

/// Verifies a plugin without keeping it
#[utoipa::path(
    post, path = "/plugins/check", tag = "plugins",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 200, description = "What was found, also when it is refused", body = VerdictBody),
        (status = 429, description = "Too many are being verified", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn check_plugin(
    State(api): Api,
    Component(bytes): Component,
) -> Result<Json<VerdictBody>, ApiError> {
    match api.plugins.check(bytes.into()).await {
        Err(PluginError::Refused(verdict)) => Ok(Json((*verdict).into())),
        verdict => Ok(Json(verdict?.into())),
    }
}

/// One version
#[utoipa::path(
    get, path = "/plugins/{digest}", tag = "plugins",
    params(("digest" = String, Path, description = "`sha256:` and 64 hex digits")),
    responses(
        (status = 200, description = "The version", body = VersionBody),
        (status = 404, description = "No such version", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_plugin(
    State(api): Api,
    InPath(VersionPath(digest)): InPath<VersionPath>,
) -> Result<Json<VersionBody>, ApiError> {
    let versions = api.plugins.versions().await?;
    let found = versions.into_iter().find(|version| version.digest == digest);
    let version = found.ok_or_else(|| PluginError::UnknownVersion(digest.to_string()))?;
    Ok(Json(VersionBody::new(version, api.plugins.signatures(Some(&digest)).await?)))
}
