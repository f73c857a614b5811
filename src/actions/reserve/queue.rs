//! Who waits, and whose turn it is.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Lines that are served in turns: one from each, then the next one from each. Who sends thousands waits behind his own.
#[derive(Debug)]
pub(super) struct Queue<K, T> {
    lines: HashMap<K, VecDeque<T>>,
    /// The lines in which somebody waits, by whose turn is next.
    turns: VecDeque<K>,
    waiting: usize,
    most: usize,
}

impl<K: Clone + Eq + Hash, T> Queue<K, T> {
    /// One in which at most so many wait.
    pub fn of(most: usize) -> Self {
        Self { lines: HashMap::new(), turns: VecDeque::new(), waiting: 0, most }
    }

    /// Puts it at the end of its line. Gives back who has to go where there is no room for one more: the last in the longest
    /// line, which may be the very one that came.
    #[must_use]
    pub fn put(&mut self, line: K, item: T) -> Option<T> {
        let own = self.lines.entry(line.clone()).or_default();
        if own.is_empty() {
            self.turns.push_back(line);
        }
        own.push_back(item);
        self.waiting += 1;
        if self.waiting <= self.most { None } else { self.turn_away() }
    }

    /// Takes who is next, so many at most.
    pub fn take(&mut self, most: usize) -> Vec<T> {
        let mut taken = Vec::with_capacity(most.min(self.waiting));
        while taken.len() < most
            && let Some(key) = self.turns.pop_front()
            && let Some(line) = self.lines.get_mut(&key)
        {
            taken.extend(line.pop_front());
            if line.is_empty() {
                self.lines.remove(&key);
            } else {
                self.turns.push_back(key);
            }
        }
        self.waiting -= taken.len();
        taken
    }

    /// The last in the longest line; of lines that are as long, in the one that has waited least for its turn.
    fn turn_away(&mut self) -> Option<T> {
        let (place, _) =
            self.turns.iter().map(|key| self.lines[key].len()).enumerate().max_by_key(|(_, long)| *long)?;
        let line = self.lines.get_mut(&self.turns[place])?;
        let last = line.pop_back();
        if line.is_empty() {
            self.turns.remove(place).map(|key| self.lines.remove(&key));
        }
        self.waiting -= 1;
        last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn queue(most: usize, waiting: &[(&'static str, u32)]) -> Queue<&'static str, u32> {
        let mut queue = Queue::of(most);
        for (line, item) in waiting {
            assert_eq!(queue.put(*line, *item), None);
        }
        queue
    }

    #[test]
    fn lines_are_served_in_turns_and_each_in_its_order() {
        let mut queue = queue(9, &[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)]);
        assert_eq!(queue.take(4), [1, 4, 5, 2]);
        assert_eq!(queue.take(9), [6, 3]);
        assert!(queue.take(9).is_empty());
    }

    #[test]
    fn whose_turn_it_is_carries_over_to_the_next_batch() {
        let mut queue = queue(9, &[("a", 1), ("a", 2), ("b", 3), ("b", 4)]);
        assert_eq!(queue.take(1), [1]);
        assert_eq!(queue.take(1), [3]);
        assert_eq!(queue.take(2), [2, 4]);
    }

    #[test]
    fn where_it_is_full_the_last_of_the_longest_line_has_to_go() {
        let mut queue = queue(4, &[("a", 1), ("a", 2), ("a", 3), ("b", 4)]);
        assert_eq!(queue.put("b", 5), Some(3));
        assert_eq!(queue.put("a", 6), Some(6), "its own line is the longest again");
        assert_eq!(queue.put("c", 7), Some(5), "of two that are as long, the one whose turn is later");
        assert_eq!(queue.take(9), [1, 4, 7, 2]);
    }

    #[test]
    fn where_everybody_waits_alone_the_one_that_comes_has_to_go() {
        let mut queue = queue(2, &[("a", 1), ("b", 2)]);
        assert_eq!(queue.put("c", 3), Some(3));
        assert_eq!(queue.take(9), [1, 2]);
        assert_eq!(queue.put("c", 4), None);
        assert_eq!(queue.take(9), [4]);
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_nobody_waits_for_more_than_one_turn_of_each(
            lines in prop::collection::vec(0_u8..5, 0..60),
            most in 1_usize..40,
            size in 1_usize..9,
        ) {
            let mut queue = Queue::of(most);
            let mut gone = Vec::new();
            for (item, line) in lines.iter().enumerate() {
                gone.extend(queue.put(*line, (*line, item)));
            }
            let mut taken = Vec::new();
            loop {
                let batch = queue.take(size);
                if batch.is_empty() {
                    break;
                }
                taken.extend(batch);
            }
            prop_assert!(taken.len() <= most);
            for place in 1..taken.len() {
                let (line, _) = taken[place];
                // Between two of one line, everybody who waits has a turn.
                let others = taken[..place].iter().rev().take_while(|(other, _)| *other != line).count();
                let left: std::collections::HashSet<_> = taken[place..].iter().map(|(line, _)| *line).collect();
                let served_before = taken[..place].iter().any(|(other, _)| *other == line);
                prop_assert!(!served_before || others + 1 >= left.len(), "{taken:?}");
            }
            taken.extend(gone);
            taken.sort_by_key(|(_, item)| *item);
            let all: Vec<_> = lines.iter().copied().enumerate().map(|(item, line)| (line, item)).collect();
            prop_assert_eq!(taken, all);
        }
    }
}
