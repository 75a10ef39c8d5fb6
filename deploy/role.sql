-- Once, as the owner of the server or of the role: limits for every connection of the application.
-- A process that is frozen or cut off inside a transaction must not keep its locks: the longest of ours is 60 s.
ALTER ROLE holdgate SET idle_in_transaction_session_timeout = '60s';
-- A host that vanishes is noticed after about a minute instead of two hours.
ALTER ROLE holdgate SET tcp_keepalives_idle = 30;
ALTER ROLE holdgate SET tcp_keepalives_interval = 10;
ALTER ROLE holdgate SET tcp_keepalives_count = 3;
