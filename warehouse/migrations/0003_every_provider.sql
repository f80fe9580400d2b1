-- More issuers state what a fund was worth: some no NAV, some a share count to be recovered.
alter table history.fund_valuations
add column if not exists is_recovered boolean default false;

alter table history.fund_valuations
alter column nav drop not null;

-- Some issuers' holdings files have no values.
alter table history.holdings
alter column market_value drop not null;

-- A fund may have no history to ask for, or no valuations.
alter table history.funds
alter column first_session drop not null;

alter table history.funds
alter column sources drop not null;
