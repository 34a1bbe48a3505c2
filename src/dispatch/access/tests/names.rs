//! The names that rules call arguments by. Whoever renames one breaks the rules of those who name it.

use clap::Command;

use crate::dispatch::{help, values};

#[test]
fn arguments_keep_their_names() {
    let row = |row: &crate::dispatch::Row| {
        let command = row.parser().arguments(Command::new("dingops"));
        let argument =
            |argument: &clap::Arg| format!(" {}={:?}", help::name(argument), values::kind(argument));
        format!("{}:{}\n", row.path, command.get_arguments().map(argument).collect::<String>())
    };
    insta::assert_snapshot!(crate::commands::every_row().map(row).collect::<String>(), @"
    help: command=Text
    ping:
    whoami:
    ip:
    can: command=Text
    status:
    about:
    say: to=Text markdown=Flag at=Text text=Text
    live-check: step=Text by=Text
    not-me: command=Text
    jenkins jobs: folder=Caseless on=Text
    jenkins build: job=Caseless param=KeyValue wait=Flag on=Text
    jenkins status: job=Caseless number=Number on=Text
    jenkins log: job=Caseless number=Number lines=Number on=Text
    jenkins stop: job=Caseless number=Number on=Text
    jenkins approve: job=Caseless number=Number input=Text on=Text
    jenkins reject: job=Caseless number=Number input=Text on=Text
    k8s get pods: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s get deploy: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s get sts: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s get ds: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s get nodes: name=Text selector=Text on=Text
    k8s get hpa: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s get events: name=Text namespace=Text all-namespaces=Flag selector=Text on=Text
    k8s describe: workload=Text namespace=Text on=Text
    k8s describe node: node=Text on=Text
    k8s logs: workload=Text container=Text previous=Flag lines=Number namespace=Text on=Text
    k8s rollout status: workload=Text namespace=Text on=Text
    k8s rollout history: workload=Text namespace=Text on=Text
    k8s rollout restart: workload=Text namespace=Text on=Text
    k8s rollout undo: workload=Text to-revision=Number namespace=Text on=Text
    k8s scale: workload=Text replicas=Number namespace=Text on=Text
    k8s set image: workload=Text image=KeyValue namespace=Text on=Text
    k8s create deployment: name=Text image=Text replicas=Number port=Number env=KeyValue namespace=Text on=Text
    k8s delete pod: pod=Text namespace=Text on=Text
    k8s cordon: node=Text on=Text
    k8s uncordon: node=Text on=Text
    prom query: on=Text query=Text
    prom range: last=Duration on=Text query=Text
    prom alerts: on=Text
    prom targets: down=Flag on=Text
    alerts list: matcher=Text on=Text
    alerts silence: target=Text duration=Duration comment=Text on=Text
    alerts silences: on=Text
    alerts unsilence: id=Text on=Text
    ");
}
