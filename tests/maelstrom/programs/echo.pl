#!/usr/bin/env perl
# An echo node in Perl.
use strict;
use warnings;
use JSON::PP;
$| = 1;
my $json = JSON::PP->new->canonical;
my $me;
while (my $line = <STDIN>) {
    my $message = $json->decode($line);
    my $body = $message->{body};
    my $answer = { in_reply_to => $body->{msg_id} };
    if ($body->{type} eq "init") {
        $me = $body->{node_id};
        $answer->{type} = "init_ok";
    } else {
        $answer->{type} = "echo_ok";
        $answer->{echo} = $body->{echo};
    }
    print $json->encode({ src => $me, dest => $message->{src}, body => $answer }), "\n";
}
