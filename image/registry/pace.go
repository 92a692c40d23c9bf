package registry

import (
	"context"
	"math/rand/v2"
	"time"
)

// pace says how patient a registry is spoken to.
type pace struct {
	// attempts is how often one request is made, and how often in a row a download may break off
	// before minProgress more bytes came.
	attempts int
	// backoff is the wait before the second attempt; each further one is three times as long.
	backoff time.Duration
	// retryAfter is the longest wait that a registry may ask for.
	retryAfter time.Duration
	// headers is how long the headers of an answer may take, from its request on.
	headers time.Duration
	// stall is how long a reader waits for minProgress more bytes. The whole may take any time.
	stall time.Duration
}

// minProgress is what counts as progress: at 64 KiB a minute a connection is as good as dead.
const minProgress = 64 << 10

func defaultPace() pace {
	return pace{
		attempts: 4, backoff: 250 * time.Millisecond, retryAfter: 30 * time.Second,
		headers: time.Minute, stall: time.Minute,
	}
}

// wait is the time before the attempt that follows the given one, with a little chance in it so
// that many clients do not come back at the same moment.
func (p pace) wait(attempt int) time.Duration {
	wait := p.backoff
	for range attempt - 1 {
		wait *= 3
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/4+1))
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
