//! A kubeconfig as a text: where the cluster of its current context is, and with what one signs in.
//!
//! What would run a command or read a file of this machine is refused: the text came from the settings, and is all
//! there is.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::target;

/// What a kubeconfig says.
pub(super) struct Read {
    pub(super) server: String,
    /// Who vouches for it, in PEM.
    pub(super) ca: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) token: Option<String>,
    /// A certificate and its key, in PEM.
    pub(super) identity: Option<(String, String)>,
    pub(super) namespace: Option<String>,
}

/// Why a kubeconfig cannot be used. Repeats nothing of it: it holds secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidKubeconfig {
    /// Not even YAML, or of another form.
    #[error("expected the text of a kubeconfig (YAML), came something else")]
    Form,
    /// Something is not there.
    #[error("expected a kubeconfig with {0}, came none")]
    Missing(&'static str),
    /// It does what is not done here.
    #[error("expected a kubeconfig without {0}: {1}")]
    Refused(&'static str, &'static str),
    /// A value that should be base64 of PEM.
    #[error("expected base64 as {0}, came something else")]
    NoBase64(&'static str),
}

use InvalidKubeconfig::{Form, Missing, NoBase64, Refused};

/// Reads the current context of a kubeconfig.
///
/// # Errors
/// When it cannot be used.
pub(super) fn read(text: &str) -> Result<Read, InvalidKubeconfig> {
    let config: Value = serde_saphyr::from_str(text).map_err(|_| Form)?;
    let current = match (string(&config, "current-context"), config["contexts"].as_array().map(Vec::as_slice))
    {
        (Some(current), _) if !current.is_empty() => current,
        (_, Some([only])) => string(only, "name").ok_or(Form)?,
        _ => return Err(Missing("a current-context")),
    };
    let context = named(&config["contexts"], &current, "context").ok_or(Missing("its current context"))?;
    let of = |list: &str, key: &str| {
        let name = string(context, key).unwrap_or_default();
        named(&config[list], &name, key)
    };
    let cluster = of("clusters", "cluster").ok_or(Missing("the context's cluster"))?;
    let user = of("users", "user").ok_or(Missing("the context's user"))?;
    refuse(cluster, user)?;
    let namespace = string(context, "namespace").filter(|namespace| !namespace.is_empty());
    let namespace = namespace.as_deref().map(target::namespace).transpose().map_err(|_| Form)?;
    let certificate = decoded(user, "client-certificate-data")?;
    let identity = match (certificate, decoded(user, "client-key-data")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => return Err(Missing("client-key-data beside client-certificate-data")),
        (None, Some(_)) => return Err(Missing("client-certificate-data beside client-key-data")),
    };
    Ok(Read {
        server: string(cluster, "server").ok_or(Missing("the cluster's server"))?,
        ca: decoded(cluster, "certificate-authority-data")?,
        proxy: string(cluster, "proxy-url"),
        token: string(user, "token"),
        identity,
        namespace,
    })
}

/// What one of a list of named things holds.
fn named<'v>(list: &'v Value, name: &str, key: &str) -> Option<&'v Value> {
    let is_meant = |entry: &&Value| string(entry, "name").as_deref() == Some(name);
    list.as_array()?.iter().find(is_meant)?.get(key).filter(|value| value.is_object())
}

/// A text; a name may look like a number.
fn string(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn refuse(cluster: &Value, user: &Value) -> Result<(), InvalidKubeconfig> {
    let command = "no commands are run here; a service account's token does as well";
    let file = "files of other machines are not here; kubectl config view --flatten --raw puts them in";
    let checked = "who answers is always checked";
    let named = "an address is checked by its own name";
    let own = "impersonate = true is the way to act as whoever asks";
    let has = |value: &Value, key: &str| value.get(key).is_some_and(|value| !value.is_null());
    let is_file = |value: &Value, key: &str, beside: &str| has(value, key) && !has(value, beside);
    let is_unchecked = cluster["insecure-skip-tls-verify"] == true;
    let refused = [
        (has(user, "exec"), "exec", command),
        (has(user, "auth-provider"), "auth-provider", command),
        (is_file(user, "tokenFile", "token"), "tokenFile", file),
        (is_file(user, "client-certificate", "client-certificate-data"), "client-certificate", file),
        (is_file(user, "client-key", "client-key-data"), "client-key", file),
        (
            is_file(cluster, "certificate-authority", "certificate-authority-data"),
            "certificate-authority",
            file,
        ),
        (is_unchecked, "insecure-skip-tls-verify", checked),
        (has(cluster, "tls-server-name"), "tls-server-name", named),
        (has(user, "username") || has(user, "password"), "username and password", "Kubernetes has none"),
        (["as", "as-uid", "as-groups", "as-user-extra"].iter().any(|key| has(user, key)), "as", own),
    ];
    match refused.into_iter().find(|(is_there, ..)| *is_there) {
        Some((_, what, why)) => Err(Refused(what, why)),
        None => Ok(()),
    }
}

fn decoded(value: &Value, key: &'static str) -> Result<Option<String>, InvalidKubeconfig> {
    let Some(text) = string(value, key) else { return Ok(None) };
    let letters: String = text.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(letters).map_err(|_| NoBase64(key))?;
    String::from_utf8(bytes).map(Some).map_err(|_| NoBase64(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod\n\
             contexts: [{{name: prod, context: {{cluster: c, user: u, namespace: shop}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://k8s.example.com:6443', {cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\n"
        )
    }

    fn problem(cluster: &str, user: &str) -> String {
        read(&config(cluster, user)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_current_context_is_read() {
        let read =
            read(&config("certificate-authority-data: Q0E=", "token: secret")).unwrap_or_else(|error| {
                panic!("{error}");
            });
        assert_eq!(read.server, "https://k8s.example.com:6443");
        assert_eq!((read.ca.as_deref(), read.namespace.as_deref()), (Some("CA"), Some("shop")));
        assert_eq!(read.token.as_deref(), Some("secret"));
    }

    #[test]
    fn what_runs_commands_or_reads_files_is_refused() {
        for (cluster, user, what) in [
            ("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}", "exec"),
            ("", "tokenFile: /var/run/token", "tokenFile"),
            ("", "client-certificate: /a.pem, client-key: /b.pem", "client-certificate"),
            ("certificate-authority: /ca.pem", "token: secret", "certificate-authority"),
            ("insecure-skip-tls-verify: true", "token: secret", "insecure-skip-tls-verify"),
            ("", "username: admin, password: hunter2", "username and password"),
            ("", "token: secret, as: system:admin", "as"),
        ] {
            let problem = problem(cluster, user);
            assert!(problem.starts_with(&format!("expected a kubeconfig without {what}: ")), "{problem}");
            assert!(!problem.contains("secret") && !problem.contains("hunter2"), "{problem}");
        }
        assert!(matches!(read("just: {a"), Err(Form)));
        assert!(matches!(read("current-context: x"), Err(Missing(_))));
        assert!(problem("certificate-authority-data: '!'", "token: secret").contains("base64"));
    }
}
