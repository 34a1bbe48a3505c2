//! A kubeconfig as a text: where the cluster of its current context is, and with what one signs in.
//!
//! What would run a command or read a file of this machine is refused: the text came from the settings, and is all
//! there is.

use base64::{Engine, prelude::BASE64_STANDARD};
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use secrecy::ExposeSecret;

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
    let config = Kubeconfig::from_yaml(text).map_err(|_| Form)?;
    let current = match (&config.current_context, config.contexts.as_slice()) {
        (Some(current), _) if !current.is_empty() => current.clone(),
        (_, [only]) => only.name.clone(),
        _ => return Err(Missing("a current-context")),
    };
    let context = config.contexts.iter().find(|context| context.name == current);
    let context = context.and_then(|named| named.context.as_ref()).ok_or(Missing("its current context"))?;
    let cluster = config.clusters.iter().find(|cluster| cluster.name == context.cluster);
    let cluster = cluster.and_then(|named| named.cluster.as_ref()).ok_or(Missing("the context's cluster"))?;
    let user = context.user.as_deref().unwrap_or_default();
    let user = config.auth_infos.iter().find(|named| named.name == user);
    let user = user.and_then(|named| named.auth_info.as_ref()).ok_or(Missing("the context's user"))?;
    refuse(cluster, user)?;
    let namespace = context.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let namespace = namespace.map(target::namespace).transpose().map_err(|_| Form)?;
    let ca = cluster.certificate_authority_data.as_deref();
    let certificate = user.client_certificate_data.as_deref();
    let key = user.client_key_data.as_ref().map(ExposeSecret::expose_secret);
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Some((decoded(certificate, "client-certificate-data")?, decoded(key, "client-key-data")?))
        }
        (None, None) => None,
        (Some(_), None) => return Err(Missing("client-key-data beside client-certificate-data")),
        (None, Some(_)) => return Err(Missing("client-certificate-data beside client-key-data")),
    };
    Ok(Read {
        server: cluster.server.clone().ok_or(Missing("the cluster's server"))?,
        ca: ca.map(|ca| decoded(ca, "certificate-authority-data")).transpose()?,
        proxy: cluster.proxy_url.clone(),
        token: user.token.as_ref().map(|token| token.expose_secret().to_owned()),
        identity,
        namespace,
    })
}

fn refuse(cluster: &Cluster, user: &AuthInfo) -> Result<(), InvalidKubeconfig> {
    let command = "no commands are run here; a service account's token does as well";
    let file = "files of other machines are not here; kubectl config view --flatten --raw puts them in";
    let checked = "who answers is always checked";
    let own = "impersonate = true is the way to act as whoever asks";
    let refused = [
        (user.exec.is_some(), "exec", command),
        (user.auth_provider.is_some(), "auth-provider", command),
        (user.token_file.is_some() && user.token.is_none(), "tokenFile", file),
        (is_file(&user.client_certificate, &user.client_certificate_data), "client-certificate", file),
        (user.client_key.is_some() && user.client_key_data.is_none(), "client-key", file),
        (
            is_file(&cluster.certificate_authority, &cluster.certificate_authority_data),
            "certificate-authority",
            file,
        ),
        (cluster.insecure_skip_tls_verify == Some(true), "insecure-skip-tls-verify", checked),
        (cluster.tls_server_name.is_some(), "tls-server-name", "an address is checked by its own name"),
        (user.username.is_some() || user.password.is_some(), "username and password", "Kubernetes has none"),
        (user.impersonate.is_some() || user.impersonate_groups.is_some(), "as", own),
    ];
    match refused.into_iter().find(|(is_there, ..)| *is_there) {
        Some((_, what, why)) => Err(Refused(what, why)),
        None => Ok(()),
    }
}

fn is_file(path: &Option<String>, data: &Option<String>) -> bool {
    path.is_some() && data.is_none()
}

fn decoded(text: &str, what: &'static str) -> Result<String, InvalidKubeconfig> {
    let letters: String = text.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(letters).map_err(|_| NoBase64(what))?;
    String::from_utf8(bytes).map_err(|_| NoBase64(what))
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
