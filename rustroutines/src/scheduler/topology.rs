//! Which processors are near one another, and what follows for the worker threads.
//!
//! On a machine whose memory has several nodes, a task that is stolen from another node brings its memory
//! along over the connection between them. So where the threads stay on their nodes (the configuration pins
//! them), a thief looks near before it looks far. Where they are not pinned the system moves them about,
//! and no thread is nearer than another.
//!
//! All of this is pure: what the machine looks like comes from a source of files, in the format of Linux's
//! `/sys/devices/system/node`. Where that cannot be read or makes no sense, the machine has one node.

use std::collections::BTreeSet;

/// How worker threads are bound to processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pinning {
    /// They are not: the system moves them as it sees fit.
    #[default]
    None,
    /// Each stays on the processors of one node of the machine's memory, and steals from its own node before
    /// it steals from others.
    Node,
    /// Each stays on one processor. For machines that do nothing else.
    Processor,
}

/// The nodes of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topology {
    /// Those with processors that this process may use.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    /// Its processors.
    cpus: Vec<usize>,
    /// How far it is to each of the nodes, in their order. Its own is the smallest.
    distances: Vec<u32>,
}

impl Topology {
    /// Reads the machine's. `read` gives the text of a file below `/sys/devices/system/node`; `allowed` are
    /// the processors that this process may use, where that is known.
    pub(crate) fn read(read: impl Fn(&str) -> Option<String>, allowed: Option<&[usize]>) -> Self {
        Self::read_nodes(&read, allowed).unwrap_or_else(|| Self::flat(allowed))
    }

    /// One node.
    fn flat(allowed: Option<&[usize]>) -> Self {
        let cpus = allowed.unwrap_or_default().to_vec();
        Self { nodes: vec![Node { cpus, distances: vec![0] }] }
    }

    fn read_nodes(read: &impl Fn(&str) -> Option<String>, allowed: Option<&[usize]>) -> Option<Self> {
        let online = parse_list(&read("online")?)?;
        let mut nodes = Vec::new();
        let mut kept = Vec::new();
        for (position, number) in online.iter().enumerate() {
            let mut cpus = parse_list(&read(&format!("node{number}/cpulist"))?)?;
            cpus.retain(|cpu| allowed.is_none_or(|allowed| allowed.contains(cpu)));
            // Memory without processors, or none of ours.
            if cpus.is_empty() {
                continue;
            }
            // One number for each node that is online.
            let text = read(&format!("node{number}/distance"));
            let distances =
                text.and_then(|text| text.split_whitespace().map(|word| word.parse().ok()).collect());
            let fallback =
                || (0..online.len()).map(|other| if other == position { 10 } else { 20 }).collect();
            let distances =
                distances.filter(|all: &Vec<u32>| all.len() == online.len()).unwrap_or_else(fallback);
            kept.push(position);
            nodes.push(Node { cpus, distances });
        }
        for node in &mut nodes {
            node.distances = kept.iter().map(|&position| node.distances[position]).collect();
        }
        let mut seen = BTreeSet::new();
        let disjoint = nodes.iter().flat_map(|node| &node.cpus).all(|cpu| seen.insert(*cpu));
        (disjoint && !nodes.is_empty()).then_some(Self { nodes })
    }
}

/// A list of numbers as the kernel writes it: `0-3,8,10-11`. The empty list is a list.
fn parse_list(text: &str) -> Option<Vec<usize>> {
    /// More than any machine has: a mistake.
    const MOST: usize = 1 << 16;
    let text = text.trim();
    let mut numbers = BTreeSet::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
        if first > last || last > MOST {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers.into_iter().collect())
}

/// Where the threads are, and how near to one another.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The processors of each thread, by its number; beyond the last it begins anew. Empty: any.
    cpus: Vec<Vec<usize>>,
    /// The node of each thread, likewise.
    nodes: Vec<usize>,
    /// For each pair of nodes, how many are nearer to the first than the second is.
    ranks: Vec<Vec<usize>>,
    /// One more than the highest rank.
    rings: usize,
}

impl Plan {
    /// For `workers` threads that are spread over the machine evenly; the others go by their numbers.
    pub(crate) fn new(topology: &Topology, workers: usize, pinning: Pinning) -> Self {
        let all: Vec<(usize, usize)> = topology
            .nodes
            .iter()
            .enumerate()
            .flat_map(|(node, Node { cpus, .. })| cpus.iter().map(move |&cpu| (node, cpu)))
            .collect();
        if pinning == Pinning::None || all.is_empty() {
            return Self { cpus: vec![Vec::new()], nodes: vec![0], ranks: vec![vec![0]], rings: 1 };
        }
        let spread = (0..workers).map(|worker| {
            // Fewer workers than processors: as far apart as can be. More: one after another.
            all[if workers <= all.len() { worker * all.len() / workers } else { worker % all.len() }]
        });
        let (nodes, cpus) = spread
            .map(|(node, cpu)| match pinning {
                Pinning::Processor => (node, vec![cpu]),
                _ => (node, topology.nodes[node].cpus.clone()),
            })
            .unzip();
        let ranks: Vec<Vec<usize>> = topology.nodes.iter().map(|node| ranks(&node.distances)).collect();
        let rings = ranks.iter().flatten().max().map_or(1, |highest| highest + 1);
        Self { cpus, nodes, ranks, rings }
    }

    /// The processors that a thread is to stay on; none if any will do.
    pub(crate) fn cpus(&self, thread: usize) -> &[usize] {
        &self.cpus[thread % self.cpus.len()]
    }

    /// The threads that thread `me` of `threads` may steal from: the near ones first, and among equally near
    /// ones from number `first` on.
    pub(crate) fn victims(&self, me: usize, threads: usize, first: usize) -> impl Iterator<Item = usize> {
        (0..self.rings).flat_map(move |ring| {
            (0..threads)
                .map(move |offset| (first + offset) % threads)
                .filter(move |&victim| victim != me && self.rank(me, victim) == ring)
        })
    }

    fn rank(&self, me: usize, other: usize) -> usize {
        let node = |thread: usize| self.nodes[thread % self.nodes.len()];
        self.ranks[node(me)][node(other)]
    }
}

/// For each distance, how many smaller ones there are.
fn ranks(distances: &[u32]) -> Vec<usize> {
    let different: BTreeSet<u32> = distances.iter().copied().collect();
    distances.iter().map(|distance| different.range(..distance).count()).collect()
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    fn list(text: &str) -> Option<Vec<usize>> {
        parse_list(text)
    }

    /// A machine made of files.
    fn machine(files: &[(&str, &str)], allowed: Option<&[usize]>) -> Topology {
        let find =
            |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.to_string());
        Topology::read(find, allowed)
    }

    fn cpus(topology: &Topology) -> Vec<Vec<usize>> {
        topology.nodes.iter().map(|node| node.cpus.clone()).collect()
    }

    fn two_nodes() -> Topology {
        machine(
            &[
                ("online", "0-1\n"),
                ("node0/cpulist", "0-3\n"),
                ("node0/distance", "10 21\n"),
                ("node1/cpulist", "4-7\n"),
                ("node1/distance", "21 10\n"),
            ],
            None,
        )
    }

    /// A ring of four: two neighbours each, and one opposite.
    fn four_nodes() -> Topology {
        machine(
            &[
                ("online", "0-3"),
                ("node0/cpulist", "0-1"),
                ("node0/distance", "10 16 32 16"),
                ("node1/cpulist", "2-3"),
                ("node1/distance", "16 10 16 32"),
                ("node2/cpulist", "4-5"),
                ("node2/distance", "32 16 10 16"),
                ("node3/cpulist", "6-7"),
                ("node3/distance", "16 32 16 10"),
            ],
            None,
        )
    }

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        assert_eq!(list("0-3,8,10-11\n"), Some(vec![0, 1, 2, 3, 8, 10, 11]));
        assert_eq!(list("5"), Some(vec![5]));
        assert_eq!(list("7-7,2"), Some(vec![2, 7]));
        assert_eq!(list("0-2,1-3"), Some(vec![0, 1, 2, 3]), "twice is once");
        assert_eq!(list(" 0 - 1 , 3 "), Some(vec![0, 1, 3]));
        assert_eq!(list("\n"), Some(vec![]));
        for odd in ["3-1", "a", "1-", "-1", ",", "1,,2", "0-4294967296", "0-3:1/2", "1 2"] {
            assert_eq!(list(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_machine_that_says_nothing_or_nonsense_has_one_node() {
        let allowed = [0, 1, 5];
        let good = [("online", "0-1"), ("node0/cpulist", "0-1"), ("node1/cpulist", "2-5")];
        assert_eq!(cpus(&machine(&good, Some(&allowed))), [vec![0, 1], vec![5]]);
        let flat = vec![allowed.to_vec()];
        assert_eq!(cpus(&machine(&[], Some(&allowed))), flat);
        assert_eq!(cpus(&machine(&[("online", "many")], Some(&allowed))), flat);
        assert_eq!(cpus(&machine(&good[..2], Some(&allowed))), flat, "a file is missing");
        let overlapping = [("online", "0-1"), ("node0/cpulist", "0-1"), ("node1/cpulist", "1-5")];
        assert_eq!(cpus(&machine(&overlapping, Some(&allowed))), flat);
        let empty = [("online", "0"), ("node0/cpulist", "")];
        assert_eq!(cpus(&machine(&empty, Some(&allowed))), flat);
        assert_eq!(cpus(&machine(&[], None)), [vec![]; 1]);
    }

    #[test]
    fn a_node_without_processors_is_none_and_its_distances_go_with_it() {
        let topology = machine(
            &[
                ("online", "0-1,4"),
                ("node0/cpulist", "0"),
                ("node0/distance", "10 99 20"),
                ("node1/cpulist", ""),
                ("node1/distance", "99 10 99"),
                ("node4/cpulist", "1"),
                ("node4/distance", "20 99 10"),
            ],
            None,
        );
        assert_eq!(
            topology.nodes.iter().map(|node| node.distances.clone()).collect::<Vec<_>>(),
            [[10, 20], [20, 10]]
        );
        // Distances that are missing or do not fit: all others are equally far.
        let odd = machine(
            &[("online", "0-1"), ("node0/cpulist", "0"), ("node0/distance", "10"), ("node1/cpulist", "1")],
            None,
        );
        assert_eq!(odd.nodes[0].distances, [10, 20]);
        assert_eq!(odd.nodes[1].distances, [20, 10]);
    }

    #[test]
    fn workers_are_spread_over_the_nodes_and_spares_follow() {
        let plan = |workers, pinning| Plan::new(&two_nodes(), workers, pinning);
        let half = plan(4, Pinning::Processor);
        assert_eq!((0..6).map(|thread| half.cpus(thread)[0]).collect::<Vec<_>>(), [0, 2, 4, 6, 0, 2]);
        let more = plan(10, Pinning::Processor);
        assert_eq!(
            (0..10).map(|thread| more.cpus(thread)[0]).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]
        );
        let nodes = plan(2, Pinning::Node);
        assert_eq!((nodes.cpus(0), nodes.cpus(1)), (&[0, 1, 2, 3][..], &[4, 5, 6, 7][..]));
        assert!(plan(4, Pinning::None).cpus(3).is_empty());
        let unknown = Plan::new(&machine(&[], None), 4, Pinning::Processor);
        assert!(unknown.cpus(3).is_empty(), "nothing to stay on is known");
    }

    /// Every victim once, never oneself.
    fn victims(plan: &Plan, me: usize, threads: usize, first: usize) -> Vec<usize> {
        let victims: Vec<_> = plan.victims(me, threads, first).collect();
        let mut sorted = victims.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq((0..threads).filter(|&thread| thread != me)));
        victims
    }

    #[test]
    fn thieves_look_near_before_far() {
        let one = Plan::new(&two_nodes(), 4, Pinning::None);
        assert_eq!(victims(&one, 1, 5, 3), [3, 4, 0, 2], "all are equally near");
        let two = Plan::new(&two_nodes(), 8, Pinning::Node);
        assert_eq!(victims(&two, 1, 8, 0), [0, 2, 3, 4, 5, 6, 7]);
        assert_eq!(victims(&two, 1, 8, 6), [0, 2, 3, 6, 7, 4, 5]);
        assert_eq!(victims(&two, 5, 8, 2), [4, 6, 7, 2, 3, 0, 1]);
        // Threads 8 and 9 are spares, and lie where 0 and 1 do.
        assert_eq!(victims(&two, 9, 10, 0), [0, 1, 2, 3, 8, 4, 5, 6, 7]);
        let four = Plan::new(&four_nodes(), 8, Pinning::Processor);
        assert_eq!(victims(&four, 0, 8, 0), [1, 2, 3, 6, 7, 4, 5]);
        assert_eq!(victims(&four, 4, 8, 5), [5, 6, 7, 2, 3, 0, 1]);
        for (me, threads) in [(0, 1), (0, 2), (6, 7), (8, 17)] {
            for first in 0..threads {
                victims(&four, me, threads, first);
            }
        }
    }
}
