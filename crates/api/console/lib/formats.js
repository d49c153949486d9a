// The files that S3 tools read, filled in. No regular expression ever sees a secret: browsers remember the last match.

/** @typedef {{access_key_id: string, secret: string, endpoint: string, region: string, label: string}} Pair */

/** @type {Record<string, {title: string, file: string, type: string, write: (pair: Pair) => string}>} */
export const FORMATS = {
  env: {
    title: "Environment", file: "keyreeve.env", type: "application/octet-stream",
    write: ({ access_key_id, secret, endpoint, region }) => [
      `export AWS_ACCESS_KEY_ID='${access_key_id}'`, `export AWS_SECRET_ACCESS_KEY='${secret}'`,
      `export AWS_DEFAULT_REGION='${region}'`, `export AWS_ENDPOINT_URL_S3='${endpoint}'`, "",
    ].join("\n"),
  },
  aws: {
    title: "AWS CLI", file: "credentials", type: "application/octet-stream",
    write: ({ access_key_id, secret, endpoint, region, label }) => [
      `[${slug(label, region)}]`, `aws_access_key_id = ${access_key_id}`, `aws_secret_access_key = ${secret}`,
      `region = ${region}`, `endpoint_url = ${endpoint}`, "",
    ].join("\n"),
  },
  rclone: {
    title: "rclone", file: "rclone.conf", type: "application/octet-stream",
    write: ({ access_key_id, secret, endpoint, region, label }) => [
      `[${slug(label, region)}]`, "type = s3", "provider = Other", `access_key_id = ${access_key_id}`,
      `secret_access_key = ${secret}`, `region = ${region}`, `endpoint = ${endpoint}`, "",
    ].join("\n"),
  },
  s3cmd: {
    title: "s3cmd", file: "s3cfg", type: "application/octet-stream",
    write: ({ access_key_id, secret, endpoint, region }) => {
      const url = new URL(endpoint);
      return [
        "[default]", `access_key = ${access_key_id}`, `secret_key = ${secret}`, `bucket_location = ${region}`,
        `host_base = ${url.host}`, `host_bucket = ${url.host}`, `use_https = ${url.protocol === "https:" ? "True" : "False"}`, "",
      ].join("\n");
    },
  },
  csv: {
    title: "CSV", file: "key.csv", type: "text/csv",
    write: ({ access_key_id, secret, endpoint, region, label }) => [
      "Label,Access key ID,Secret access key,Endpoint,Region\r\n", quoted(label), ",", access_key_id, ",", secret, ",", endpoint, ",", region, "\r\n",
    ].join(""),
  },
};

/** Words that people typed: a spreadsheet must not take them for a formula. @param {string} text */
const quoted = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? "'" : "") + text.replaceAll('"', '""')}"`;

/** @param {string} label @param {string} region */
const slug = (label, region) => label.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || region;

/** @param {string} name @param {string} type @param {string} text */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
