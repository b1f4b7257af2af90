//! What the comparison is asked for.

/// How thoroughly everything is measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effort {
    /// What it is called.
    pub(crate) name: &'static str,
    /// How often each operation and each program is measured.
    pub(crate) rounds: usize,
    /// How often that is done which takes seconds each time: memory, sleeps, busy workers, growth.
    pub(crate) slow_rounds: usize,
    /// What criterion is told.
    pub(crate) criterion: [&'static str; 8],
}

const SHORT: Effort = Effort {
    name: "short",
    rounds: 3,
    slow_rounds: 1,
    criterion: [
        "--warm-up-time",
        "0.05",
        "--measurement-time",
        "0.15",
        "--sample-size",
        "10",
        "--nresamples",
        "1000",
    ],
};
const FULL: Effort = Effort {
    name: "full",
    rounds: 7,
    slow_rounds: 3,
    criterion: [
        "--warm-up-time",
        "0.5",
        "--measurement-time",
        "2",
        "--sample-size",
        "20",
        "--nresamples",
        "1000",
    ],
};

/// What is to be measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) effort: Effort,
    /// Parts of names; none means all.
    pub(crate) filter: Vec<String>,
}

impl Order {
    /// By the name of an effort.
    pub(crate) fn new(effort: &str, filter: &[String]) -> Option<Self> {
        let effort = [SHORT, FULL].into_iter().find(|known| known.name == effort)?;
        Some(Self { effort, filter: filter.to_vec() })
    }

    /// Whether what is called so is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str()))
    }
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Measure(Order),
    /// What the last run, interrupted, has left.
    Continue,
    /// Nothing is measured.
    Pages,
}

impl Request {
    /// From the arguments `[short|full|continue|pages] [-- PART...]`.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let (words, filter) = match arguments.iter().position(|argument| argument == "--") {
            Some(index) => (&arguments[..index], &arguments[index + 1..]),
            None => (arguments, &arguments[..0]),
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let order = match words[..] {
            ["continue"] if filter.is_empty() => return Ok(Self::Continue),
            ["pages"] if filter.is_empty() => return Ok(Self::Pages),
            [] => Order::new(SHORT.name, filter),
            [effort] => Order::new(effort, filter),
            _ => None,
        };
        let usage = "write `short` or `full`, and `-- PART...`; or `continue`, or `pages`, alone";
        order.map(Self::Measure).ok_or_else(|| format!("`{}`: {usage}", arguments.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Request, String> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Request::read(&arguments)
    }

    fn order(arguments: &[&str]) -> Order {
        match read(arguments) {
            Ok(Request::Measure(order)) => order,
            other => panic!("{arguments:?} gives {other:?}"),
        }
    }

    #[test]
    fn an_order_is_an_effort_and_a_filter() {
        let nothing = order(&[]);
        assert_eq!(nothing.effort.name, "short");
        assert!(nothing.wants("anything"));
        assert_eq!(order(&["full"]).effort.name, "full");
        let part = order(&["short", "--", "sky", "ring"]);
        assert!(part.wants("skynet/1000000") && part.wants("ring/503") && !part.wants("sieve/2000"));
        assert!(order(&["--", "ring"]).wants("ring"));
        assert!(read(&["thorough"]).is_err() && read(&["short", "full"]).is_err());
    }

    #[test]
    fn a_run_is_taken_up_as_it_was() {
        assert_eq!(read(&["continue"]), Ok(Request::Continue));
        assert_eq!(read(&["pages"]), Ok(Request::Pages));
        assert!(read(&["continue", "--", "ring"]).is_err(), "what is left is known");
    }
}
