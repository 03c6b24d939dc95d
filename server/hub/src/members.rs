//! The list of a room's members, of which old versions are kept for readers that have not caught up.

use std::{iter::FlatMap, ops::Index, slice, sync::Arc};

use crate::{id::PeerId, member::Member};

/// Members per chunk. A change copies one chunk, a clone copies one pointer per chunk.
const CHUNK: usize = 64;

/// Members in join order.
///
/// A clone shares its members with the original, in chunks: a thousand readers that are each at another version of a room
/// of a thousand hold a few hundred bytes each, and not a thousand pointers.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// Chunks of 1 to [`CHUNK`] members.
    chunks: Vec<Arc<Vec<Arc<Member>>>>,
    len: usize,
    /// The sum of the members' weights.
    weight: usize,
}

impl Members {
    /// Returns the number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns about how many bytes all of them take on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Iterates over the members in join order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.into_iter()
    }

    /// Returns the members from `at` on that are stored together; empty at the end.
    #[must_use]
    pub fn run_at(&self, at: usize) -> &[Arc<Member>] {
        let mut begin = 0;
        for chunk in &self.chunks {
            if at < begin + chunk.len() {
                return &chunk[at - begin..];
            }
            begin += chunk.len();
        }
        &[]
    }

    /// Appends a member.
    pub fn push(&mut self, member: Arc<Member>) {
        self.len += 1;
        self.weight += member.weight();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => Arc::make_mut(chunk).push(member),
            _ => {
                let mut chunk = Vec::with_capacity(4);
                chunk.push(member);
                self.chunks.push(Arc::new(chunk));
            }
        }
    }

    /// Replaces the entry of the same peer, if there is one.
    pub fn replace(&mut self, member: Arc<Member>) {
        let Some((chunk, at)) = self.find(&member.peer) else { return };
        let chunk = Arc::make_mut(&mut self.chunks[chunk]);
        self.weight += member.weight();
        let old = std::mem::replace(&mut chunk[at], member);
        self.weight -= old.weight();
    }

    /// Removes a member, if it is there.
    pub fn remove(&mut self, peer: &PeerId) {
        let Some((at_chunk, at)) = self.find(peer) else { return };
        let chunk = Arc::make_mut(&mut self.chunks[at_chunk]);
        let old = chunk.remove(at);
        self.len -= 1;
        self.weight -= old.weight();
        if chunk.is_empty() {
            self.chunks.remove(at_chunk);
        } else {
            self.merge(at_chunk);
            self.merge(at_chunk.wrapping_sub(1));
        }
    }

    /// Makes one chunk of a chunk and the next one if both are small, so that there are never many more than needed.
    fn merge(&mut self, at: usize) {
        let Some([chunk, next]) = self.chunks.get(at..).and_then(|chunks| chunks.first_chunk()) else { return };
        if chunk.len() + next.len() <= CHUNK / 2 {
            let next = self.chunks.remove(at + 1);
            Arc::make_mut(&mut self.chunks[at]).extend(next.iter().cloned());
        }
    }

    fn find(&self, peer: &PeerId) -> Option<(usize, usize)> {
        let mut chunks = self.chunks.iter().enumerate();
        chunks.find_map(|(index, chunk)| Some((index, chunk.iter().position(|member| member.peer == *peer)?)))
    }
}

impl Index<usize> for Members {
    type Output = Arc<Member>;

    fn index(&self, at: usize) -> &Arc<Member> {
        &self.run_at(at)[0]
    }
}

impl<'a> IntoIterator for &'a Members {
    type Item = &'a Arc<Member>;
    type IntoIter = FlatMap<
        slice::Iter<'a, Arc<Vec<Arc<Member>>>>,
        slice::Iter<'a, Arc<Member>>,
        fn(&'a Arc<Vec<Arc<Member>>>) -> slice::Iter<'a, Arc<Member>>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Eq for Members {}

impl FromIterator<Arc<Member>> for Members {
    fn from_iter<I: IntoIterator<Item = Arc<Member>>>(members: I) -> Self {
        let mut list = Self::default();
        members.into_iter().for_each(|member| list.push(member));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoded::Encoded,
        member::{Metadata, Presence, Role},
    };

    fn member(n: usize, name: &str) -> Arc<Member> {
        Arc::new(Member {
            peer: PeerId::parse(&format!("p{n}")).expect("a peer id"),
            user: "".into(),
            display_name: name.into(),
            metadata: Metadata::default(),
            role: Role::Member,
            presence: Presence::Online,
            joined_at_ms: 0,
            encoded: Encoded::default(),
        })
    }

    fn names(members: &Members) -> Vec<String> {
        members.iter().map(|member| format!("{}{}", member.peer, member.display_name)).collect()
    }

    #[test]
    fn the_list_is_that_of_a_vector_and_old_versions_stay() {
        let (mut list, mut model) = (Members::default(), Vec::new());
        let mut old = Vec::new();
        for n in 0..300 {
            list.push(member(n, ""));
            model.push(member(n, ""));
            old.push((list.clone(), list.len()));
        }
        for n in (0..300).step_by(7) {
            list.replace(member(n, "longer"));
            model[n] = member(n, "longer");
        }
        for n in (0..300).filter(|n| n % 5 != 0) {
            list.remove(&member(n, "").peer);
            model.retain(|kept| kept.peer != member(n, "").peer);
            assert_eq!(list.len(), model.len());
        }
        assert_eq!(list, model.iter().cloned().collect());
        assert_eq!(list.weight(), model.iter().map(|member| member.weight()).sum::<usize>());
        assert!(list.chunks.len() <= 2 * (list.len() / (CHUNK / 2) + 1), "{} chunks", list.chunks.len());
        let mut at = 0;
        let mut found = Vec::new();
        while let run @ [_, ..] = list.run_at(at) {
            found.extend(run.iter().map(|member| member.peer.clone()));
            at += run.len();
        }
        assert!(found.iter().eq(model.iter().map(|member| &member.peer)));
        for (version, len) in old {
            assert_eq!(names(&version), (0..len).map(|n| format!("p{n}")).collect::<Vec<_>>());
        }
        for n in 0..300 {
            list.remove(&member(n, "").peer);
        }
        assert!(list.is_empty() && list.weight() == 0 && list.chunks.is_empty());
    }
}
