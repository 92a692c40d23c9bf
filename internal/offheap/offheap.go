// Package offheap is memory that the garbage collector does not see. A large buffer that holds
// other people's bytes makes the collector wait until twice its size is in use, and is not given
// back when it is done with; memory from here is gone as soon as it is freed.
//
// It keeps no account. Whoever allocates must free, once, and must not touch the memory afterwards.
package offheap
