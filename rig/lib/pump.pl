# perl pump.pl TOKEN <PIPE: passes bytes on as they come, up to TOKEN, which it keeps for itself.
# Ends 0 at the token, 3 when the pipe ends without one, 4 when nobody reads what it writes.
use strict;
use warnings;

my $token = shift;
my $kept  = '';
$SIG{PIPE} = 'IGNORE';

sub put {
    my $bytes = shift;
    while (length $bytes) {
        my $n = syswrite(STDOUT, $bytes);
        if (defined $n) { substr($bytes, 0, $n) = ''; next }
        next if $!{EINTR};
        if ($!{EAGAIN}) { select(undef, undef, undef, 0.01); next }
        exit 4;
    }
}

while (1) {
    my $n = sysread(STDIN, my $chunk, 65536);
    if (!defined $n) { next if $!{EINTR}; last }
    last if !$n;
    $kept .= $chunk;
    if (length $kept >= length $token && substr($kept, -length $token) eq $token) {
        put(substr($kept, 0, -length $token));
        exit 0;
    }
    # The end of what came may be the beginning of the token.
    my $hold = length($token) - 1;
    $hold = length $kept if $hold > length $kept;
    $hold-- while $hold && substr($kept, -$hold) ne substr($token, 0, $hold);
    put(substr($kept, 0, length($kept) - $hold));
    $kept = $hold ? substr($kept, -$hold) : '';
}
put($kept);
exit 3;
