//! Tokens of EKS: a request to AWS STS that is signed here, and made by the cluster to see who asks (as `aws eks get-token` does).
//!
//! Nothing is asked of AWS. The credentials are those that the function itself was given, of its role on Lambda.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4::SigningParams,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::Cluster;

/// What the variables that AWS hands out are called. The last is missing for a user's own keys.
const VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// How long the signature holds; the cluster takes the token for some minutes longer.
const VALID: Duration = Duration::from_secs(60);

/// Why there is no token. Says nothing of the credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum EksError {
    /// Nobody gave the function any.
    #[error("the environment has no {} and {}", VARIABLES[0], VARIABLES[1])]
    NoCredentials,
    /// They cannot be signed with.
    #[error("the request cannot be signed")]
    Unsigned,
}

impl Cluster {
    /// A token with the credentials of the environment.
    pub(super) fn token(&self, now: Timestamp) -> Result<String, EksError> {
        let [key, secret, session] =
            VARIABLES.map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let (Some(key), Some(secret)) = (key, secret) else { return Err(EksError::NoCredentials) };
        self.signed(Credentials::new(key, secret, session, None, "environment"), now)
    }

    fn signed(&self, credentials: Credentials, now: Timestamp) -> Result<String, EksError> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(VALID);
        let identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("sts")
            .time(SystemTime::from(now))
            .settings(settings)
            .build()
            .map_err(|_| EksError::Unsigned)?
            .into();
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url =
            format!("https://sts.{}.{domain}/?Action=GetCallerIdentity&Version=2011-06-15", self.region);
        let headers = [("x-k8s-aws-id", self.name.as_str())];
        let request = SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::Bytes(&[]));
        let signed = request.and_then(|request| sign(request, &params)).map_err(|_| EksError::Unsigned)?;
        let (instructions, _) = signed.into_parts();
        let mut request = http::Request::get(&url).body(()).map_err(|_| EksError::Unsigned)?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(format!("k8s-aws-v1.{}", BASE64_URL_SAFE_NO_PAD.encode(request.uri().to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature that botocore 1.44.5 makes of the same.
    #[test]
    fn a_token_is_a_signed_request() {
        let eks = Cluster { name: "prod".into(), region: "cn-northwest-1".into() };
        let session = Some("made+up/session==".to_owned());
        let credentials = Credentials::new("AKIAFIXTURE000000000", "made/up+secret", session, None, "test");
        let token = eks.signed(credentials, Timestamp::from_second(1_767_225_600).unwrap()).unwrap();
        let url = token.strip_prefix("k8s-aws-v1.").unwrap();
        let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(url).unwrap()).unwrap();
        assert_eq!(
            url,
            "https://sts.cn-northwest-1.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15\
             &X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAFIXTURE000000000%2F20260101%2Fcn-northwest-1%2Fsts%2Faws4_request\
             &X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\
             &X-Amz-Signature=5ca93dd4e62dfaedbf106ab86d2006482d4698f1430edcd0412df452a1ecea0c\
             &X-Amz-Security-Token=made%2Bup%2Fsession%3D%3D"
        );
    }
}
