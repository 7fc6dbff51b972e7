//! Every actor of the tree dies every death, on the whole tree, under a paused clock: what the table of `tree.rs` promises
//! is what happens, the others do not notice, and nobody who asked is left without an answer.

#![cfg(test)]

mod deaths {
    mod bounds;
    mod each;
    mod endings;
    mod exhausted;
    mod idle;
    mod poison;
    mod scene;
    mod tree;
}
