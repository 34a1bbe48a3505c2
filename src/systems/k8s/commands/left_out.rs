//! What kubectl does and a chat does not, with why, and what comes nearest.

use crate::dispatch::family::LeftOut;

/// In the order of kubectl's own help.
pub(in crate::systems::k8s) static LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        names: &["-n", "--namespace", "--context", "--cluster"],
        sentence: "k8s.options_behind",
        // Any line without those options would be of another namespace or cluster.
        instead: &[],
    },
    LeftOut {
        names: &["get secret", "get secrets", "get cm", "get configmap", "get configmaps"],
        sentence: "k8s.no_secrets",
        instead: &["k8s get deploy", "k8s get pods"],
    },
    LeftOut {
        names: &[
            "get svc",
            "get service",
            "get services",
            "get ing",
            "get ingress",
            "get ingresses",
            "get ep",
            "get endpoints",
            "get endpointslices",
            "get netpol",
            "get networkpolicies",
        ],
        sentence: "k8s.no_services",
        instead: &["k8s get deploy", "k8s get pods"],
    },
    LeftOut {
        names: &["get ns", "get namespace", "get namespaces"],
        sentence: "k8s.no_namespaces",
        instead: &["k8s get pods -A", "k8s get deploy -A"],
    },
    LeftOut {
        names: &["get job", "get jobs", "get cj", "get cronjob", "get cronjobs"],
        sentence: "k8s.no_jobs",
        instead: &["k8s get pods", "k8s get events"],
    },
    LeftOut {
        names: &["get pv", "get pvc", "get persistentvolumes", "get persistentvolumeclaims", "get sc"],
        sentence: "k8s.no_volumes",
        instead: &["k8s get events"],
    },
    LeftOut {
        names: &["get rs", "get replicaset", "get replicasets"],
        sentence: "k8s.no_replica_sets",
        instead: &["k8s get deploy"],
    },
    LeftOut {
        names: &["get all"],
        sentence: "k8s.one_kind",
        instead: &["k8s get deploy", "k8s get sts", "k8s get pods"],
    },
    LeftOut {
        names: &["get pod", "get pods", "get po"],
        sentence: "k8s.one_described",
        instead: &["k8s get pods"],
    },
    LeftOut {
        names: &["get deploy", "get deployment", "get deployments"],
        sentence: "k8s.one_described",
        instead: &["k8s get deploy"],
    },
    LeftOut {
        names: &["get sts", "get statefulset", "get statefulsets"],
        sentence: "k8s.one_described",
        instead: &["k8s get sts"],
    },
    LeftOut {
        names: &["get ds", "get daemonset", "get daemonsets"],
        sentence: "k8s.one_described",
        instead: &["k8s get ds"],
    },
    LeftOut {
        names: &["get no", "get node", "get nodes"],
        sentence: "k8s.one_node_described",
        instead: &["k8s get nodes"],
    },
    LeftOut { names: &["get"], sentence: "k8s.no_kind", instead: &["k8s get deploy", "k8s get pods"] },
    LeftOut { names: &["top"], sentence: "k8s.no_usage", instead: &["k8s get hpa", "k8s get nodes"] },
    LeftOut {
        names: &["exec", "attach", "cp", "debug", "run", "port-forward", "proxy"],
        sentence: "k8s.no_shell",
        instead: &["k8s get pods"],
    },
    LeftOut {
        names: &[
            "apply",
            "edit",
            "patch",
            "replace",
            "diff",
            "annotate",
            "label",
            "taint",
            "expose",
            "autoscale",
            "set",
            "create",
        ],
        sentence: "k8s.no_manifests",
        instead: &[],
    },
    LeftOut { names: &["drain"], sentence: "k8s.no_drain", instead: &["k8s get nodes"] },
    LeftOut {
        names: &["delete pod", "delete pods", "delete po"],
        sentence: "k8s.delete_by_name",
        instead: &["k8s get pods"],
    },
    LeftOut { names: &["delete"], sentence: "k8s.no_deletion", instead: &["k8s get deploy", "k8s get pods"] },
    LeftOut {
        names: &["rollout pause", "rollout resume"],
        sentence: "k8s.no_pause",
        instead: &["k8s get deploy"],
    },
    LeftOut { names: &["wait"], sentence: "k8s.no_wait", instead: &["k8s get deploy"] },
    LeftOut { names: &["auth", "certificate"], sentence: "k8s.no_auth", instead: &["whoami"] },
    LeftOut {
        names: &["explain", "api-resources", "api-versions", "cluster-info", "config", "version", "plugin"],
        sentence: "k8s.no_reference",
        instead: &["status"],
    },
];

#[cfg(test)]
mod tests {
    use super::{super::ROWS, *};
    use crate::locale::Locale;

    #[test]
    fn each_has_its_sentence_and_leads_to_commands() {
        for left_out in LEFT_OUT {
            let key = left_out.sentence;
            assert!([Locale::Zh, Locale::En].iter().all(|locale| locale.lookup(key).is_some()), "{key}");
            let of_systems = left_out.instead.iter().filter(|line| line.starts_with("k8s "));
            for line in of_systems {
                let leads = ROWS.iter().flat_map(|row| row.names()).any(|name| line.starts_with(&name));
                assert!(leads, "{line}");
            }
        }
    }
}
