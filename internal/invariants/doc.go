// Package invariants holds the rules that the repository as a whole keeps, as tests with a reason
// for each: which way imports point, which modules may be depended upon, what a package must say
// about itself, which names and files must not appear. It has no code of its own.
package invariants
